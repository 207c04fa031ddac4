import { isNamed } from '../catalog/catalog.ts';
import { refused } from '../errors.ts';
import type { Stack } from '../stack/stack.ts';

/**
 * The services of these names, with the parts of those that have any.
 * @throws AiplatError (exit 2) for a service that the stack does not have.
 */
export function requireServices(stack: Stack, names: readonly string[]): string[] {
  const services = stack.services.map(({ service }) => service);
  const known = services.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0)
    return services.filter((service) => isNamed(service, names)).map(({ name }) => name);
  const waiting = stack.leftOut.find(({ service }) => isNamed(service, unknown));
  if (waiting !== undefined) {
    const { service, givenKey } = waiting;
    throw refused(
      `${stack.tenant.name}: ${service.title} has no key.`,
      `${givenKey.key} of the .env is empty.`,
      givenKey.remedy,
    );
  }
  throw refused(
    `${stack.tenant.name} has no service ${unknown.join(', ')}.`,
    `Its stack is ${known.join(', ')}.`,
    'Take one of these, or switch the service on: aiplat setup --services …',
  );
}
