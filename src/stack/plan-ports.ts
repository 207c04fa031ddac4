import type { FoundContainer } from '../host/docker.ts';
import { labelledPorts } from '../ports/published.ts';
import { LABEL } from '../tenant/names.ts';
import type { Observed } from './observe.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';
import { imageId, releaseId } from './step-ids.ts';

interface PortHolder {
  readonly holder: FoundContainer;
  readonly port: number;
}

/** States of a container that has no port. */
const IDLE: ReadonlySet<string> = new Set(['created', 'exited', 'dead']);

/** The tenant's running containers that have a port which this service is to have. */
function portHolders({ service, container }: WantedService, stack: Stack, observed: Observed): PortHolder[] {
  const needed = new Set(container.ports.map(({ port }) => port));
  return observed.containers.flatMap((holder) => {
    const { labels, state } = holder;
    if (labels[LABEL.tenant] !== stack.tenant.name || labels[LABEL.service] === service.name) return [];
    const shared = labelledPorts(holder).find(({ port }) => needed.has(port));
    return shared === undefined || IDLE.has(state) ? [] : [{ holder, port: shared.port }];
  });
}

/**
 * Containers that stop before any of their ports is given to another service. They do so ahead of their own
 * replacement, which may have to wait for that other service, or for a port in a ring of several.
 */
export function planReleases(services: readonly WantedService[], stack: Stack, observed: Observed): Step[] {
  const inPlan = new Set(services.map(({ service }) => service.name));
  const steps = services.flatMap((taker) =>
    portHolders(taker, stack, observed)
      .filter(({ holder }) => inPlan.has(holder.labels[LABEL.service] ?? ''))
      .map(
        ({ holder: { id, name }, port }): Step => ({
          id: releaseId(name),
          do: 'stop container',
          target: name,
          why: `port ${port} goes to ${taker.service.name}`,
          needs: [imageId(taker.container.image)],
          containerId: id,
        }),
      ),
  );
  return [...new Map(steps.map((step) => [step.id, step])).values()];
}

/** Ids of the steps that free the ports of this service, and of the one that stops its own container early. */
export function portReleases(wanted: WantedService, stack: Stack, observed: Observed): string[] {
  const others = portHolders(wanted, stack, observed).flatMap(({ holder: { name } }) => [
    releaseId(name),
    `remove ${name}`,
  ]);
  return [releaseId(wanted.container.name), ...others];
}
