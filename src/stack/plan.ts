import { containerName, LABEL } from '../tenant/names.ts';
import type { Observed } from './observe.ts';
import { planDatabases } from './plan-databases.ts';
import { planEdge } from './plan-edge.ts';
import { withHousehold } from './plan-network.ts';
import { planReleases } from './plan-ports.ts';
import { planService } from './plan-service.ts';
import { planTls } from './plan-tls.ts';
import { planUnload, planWalls } from './plan-walls.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';
import { imageId, NETWORK, serviceId } from './step-ids.ts';

/** Which services a plan is about. */
export interface PlanScope {
  /** Names of services, also of those that the stack has no more, or undefined for the whole stack. */
  readonly only: ReadonlySet<string> | undefined;
}

/** Decides what makes the machine equal to the stack. An empty plan means that it is so already. */
export function planDeploy(stack: Stack, observed: Observed, scope: PlanScope): Step[] {
  const only = scope.only && withHousehold(stack, scope.only);
  const services = stack.services.filter(({ service }) => only?.has(service.name) ?? true);
  const made = services.flatMap((wanted) => planService(wanted, stack, observed));
  const removals = planRemovals(stack, observed, scope);
  const wanted = new Set(stack.services.map(({ service }) => service.name));
  const takesAway = [...(scope.only ?? [''])].some((name) => !wanted.has(name));
  return onceEach([
    ...planWalls(stack, observed),
    ...planNetwork(stack, observed),
    ...planPulls(services, observed),
    ...planReleases(services, stack, observed),
    ...made,
    ...planDatabases(stack, observed, made, { only }),
    ...removals,
    ...(takesAway ? planUnload(stack, observed, removals) : []),
    ...planTls(stack, scope),
    ...planEdge(stack, observed, scope),
    ...planCleaning(stack, observed, { only }),
  ]);
}

/** Parts of one service may share a directory: it is made once. */
const onceEach = (steps: readonly Step[]): Step[] => [
  ...new Map(steps.map((step) => [step.id, step])).values(),
];

function planNetwork(stack: Stack, observed: Observed): Step[] {
  const { network } = stack;
  if (observed.networks.some(({ name }) => name === network.name)) return [];
  return [{ id: NETWORK, do: 'create network', target: network.name, why: 'not found', needs: [], network }];
}

function planPulls(services: readonly WantedService[], observed: Observed): Step[] {
  const images = new Set(services.map(({ container }) => container.image));
  return [...images]
    .filter((image) => !observed.images.has(image))
    .map((image) => ({
      id: imageId(image),
      do: 'pull image',
      target: image,
      why: 'not on this host',
      needs: [],
    }));
}

/** Containers of the tenant that the stack does not have any more, as far as the plan is about them. */
function planRemovals(stack: Stack, observed: Observed, { only }: PlanScope): Step[] {
  const wanted = new Set(stack.services.map(({ service }) => service.name));
  return observed.containers
    .filter(
      ({ labels }) => labels[LABEL.tenant] === stack.tenant.name && !wanted.has(labels[LABEL.service] ?? ''),
    )
    .filter(({ labels }) => only?.has(labels[LABEL.service] ?? '') ?? true)
    .map(({ id, name, labels }) => ({
      id: `remove ${name}`,
      do: 'remove container',
      target: name,
      why: `${labels[LABEL.service] ?? 'it'} is switched off; its data stays in ${stack.tenant.baseDir}/data`,
      needs: [],
      containerId: id,
    }));
}

/** Rendered files that no container needs once the steps before are done. */
function planCleaning(stack: Stack, observed: Observed, scope: PlanScope): Step[] {
  const wanted = new Set(stack.services.map(({ rendered }) => rendered?.root));
  return observed.rendered
    .filter(({ service, path }) => !wanted.has(path) && (scope.only?.has(service) ?? true))
    .map(({ service, path }) => ({
      id: `clean ${path}`,
      do: 'remove directory',
      target: path,
      why: 'files of an earlier version',
      needs: [serviceId(service), `remove ${containerName(stack.tenant.name, service)}`],
    }));
}
