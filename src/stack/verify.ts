import { AiplatError, EXIT } from '../errors.ts';
import type { FoundContainer } from '../host/docker.ts';
import type { Stack } from './stack.ts';

/** Is this container as well as it can be told from outside? */
export const isWell = (found: FoundContainer | undefined): boolean =>
  found?.state === 'running' && found.health !== 'unhealthy' && found.health !== 'starting';

/**
 * Services of the stack that are not well, as one error (exit 4); undefined when all are.
 * @param only names of the services that count, all when left out.
 */
export function unhealthyError(
  stack: Stack,
  found: readonly FoundContainer[],
  only?: readonly string[],
): AiplatError | undefined {
  const services = stack.services.filter(({ service }) => only?.includes(service.name) ?? true);
  const ill = services.flatMap(({ service, container }) => {
    const one = found.find(({ name }) => name === container.name);
    return isWell(one) ? [] : [{ name: service.name, status: one?.status ?? 'no container' }];
  });
  if (ill.length === 0) return undefined;
  const [first] = ill;
  return new AiplatError({
    what: `${stack.tenant.name}: ${ill.length} of ${services.length} services ${ill.length === 1 ? 'is' : 'are'} not healthy.`,
    why: ill.map(({ name, status }) => `${name}: ${status}`).join('\n'),
    fix: `See why: aiplat ops logs ${first?.name} --tenant ${stack.tenant.name}`,
    exitCode: EXIT.unhealthy,
  });
}
