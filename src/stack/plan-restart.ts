import { notReady } from '../errors.ts';
import type { FoundContainer } from '../host/docker.ts';
import { withGuests } from './plan-network.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';
import { serviceId } from './step-ids.ts';

const stopId = (name: string): string => `stop ${name}`;

/**
 * Stops services, each before what it needs, and starts them again in the order of a deploy.
 * @param meant names of services of the stack; what they need goes on undisturbed unless it is among them. What shares
 * the network of one of them starts again with it.
 * @throws AiplatError (exit 3) when one has no container to restart.
 */
export function planRestart(
  stack: Stack,
  containers: readonly FoundContainer[],
  meant: ReadonlySet<string>,
): Step[] {
  const services = stack.services.filter(({ service }) => meant.has(service.name));
  const found = new Map(containers.map((container) => [container.name, container]));
  const missing = services.filter(({ container }) => !found.has(container.name));
  if (missing.length > 0) throw notDeployed(stack, missing);
  const all = withGuests(stack, meant);
  const touched = stack.services.filter(({ service }) => all.has(service.name));
  return touched.flatMap((wanted) => stepsOf(wanted, touched, found.get(wanted.container.name)));
}

function stepsOf(
  { service, container, needs }: WantedService,
  meant: readonly WantedService[],
  found: FoundContainer | undefined,
): Step[] {
  if (found === undefined) return [];
  const clients = meant.filter((other) => other.needs.includes(service.name));
  const base = { target: container.name, containerId: found.id, why: 'asked for' };
  const stop: Step = {
    ...base,
    id: stopId(service.name),
    do: 'stop container',
    needs: clients.map((client) => stopId(client.service.name)),
  };
  const start: Step = {
    ...base,
    id: serviceId(service.name),
    do: 'start container',
    needs: [stop.id, ...needs.map(serviceId)],
    profile: container.profile,
  };
  return isStopped(found) ? [start] : [stop, start];
}

const isStopped = ({ state }: FoundContainer): boolean => state === 'exited' || state === 'created';

const notDeployed = ({ tenant }: Stack, missing: readonly WantedService[]): Error =>
  notReady(
    `${tenant.name} does not run ${missing.map(({ service }) => service.name).join(', ')} yet.`,
    'There is no container that could be restarted.',
    `Run: aiplat deploy --tenant ${tenant.name}`,
  );
