import type { ContainerCondition, ContainerSpec, FoundContainer, Health } from '../../src/host/docker.ts';
import { subnetOf } from '../../src/tenant/numbers.ts';

/** How the program of a container behaves once it is started. */
export type Behaviour =
  | { readonly kind: 'healthy'; readonly afterMs: number }
  | { readonly kind: 'never healthy'; readonly log: string }
  | { readonly kind: 'exits'; readonly exitCode: number; readonly log: string };

export const WELL: Behaviour = { kind: 'healthy', afterMs: 1_000 };

/** One container of the fake engine: plain state, for tests to look at. */
export interface FakeContainer {
  readonly id: string;
  name: string;
  readonly spec: ContainerSpec;
  /** `running` is what was asked for; a program that exits makes `restarting` of it. */
  state: 'created' | 'running' | 'exited' | 'paused';
  startedAt: number;
  /** The id of the container whose network it shares, looked up once. */
  readonly sharesWith: string | undefined;
  /** The network that it was attached to when it first started: the engine looks for that one again. */
  networkId: string | undefined;
  /** Its network namespace: a new one with every start, but for a container that shares another one's. */
  namespace: string;
  behaviour: Behaviour;
  /** Its AppArmor profile. */
  wears: string;
  /** What the program read when it started or was last told to reload, by path inside the container. */
  readonly loaded: Map<string, string>;
}

/** A number of its own for the first process of every container; 0 when it does not run. */
export const pidOf = ({ id, state }: FakeContainer): number =>
  state === 'running' || state === 'paused' ? 1000 + Number(id.replace('id-', '')) : 0;

/** The state in the engine's own word. The restart policy starts a program that exits again and again. */
export const stateOf = ({ state, behaviour, spec }: FakeContainer): string =>
  state !== 'running' || behaviour.kind !== 'exits'
    ? state
    : spec.runsOnce === true
      ? 'exited'
      : 'restarting';

export function healthOf(container: FakeContainer, now: number): Health {
  const { behaviour, startedAt, spec } = container;
  if (container.state !== 'running' || behaviour.kind === 'exits') return 'none';
  const age = now - startedAt;
  if (spec.health?.test.length === 0) return 'none';
  if (behaviour.kind === 'healthy') return age >= behaviour.afterMs ? 'healthy' : 'starting';
  return age >= spec.health.startPeriodMs ? 'unhealthy' : 'starting';
}

/** Where the containers of a tenant's network live. */
export function addressIn(network: string): string {
  const { gateway } = subnetOf(Number(/\d+$/.exec(network)?.[0]), '10.128.0.0/9');
  return gateway.replace(/\d+$/, (last) => String(Number(last) + 8));
}

export function found(container: FakeContainer, now: number): FoundContainer {
  const health = healthOf(container, now);
  const state = stateOf(container);
  const isUp = state === 'running';
  return {
    id: container.id,
    name: container.name,
    image: container.spec.image,
    labels: container.spec.labels,
    state,
    health,
    status: statusOf(container, state, health),
    networkOf: container.sharesWith,
    addresses: isUp && container.sharesWith === undefined ? [addressIn(container.spec.network)] : [],
    networks:
      container.sharesWith === undefined ? { [container.spec.network]: container.networkId ?? '' } : {},
    publishedPorts: isUp ? container.spec.ports.map(({ address, port }) => ({ address, port })) : [],
  };
}

function statusOf({ behaviour }: FakeContainer, state: string, health: Health): string {
  const exitCode = behaviour.kind === 'exits' ? behaviour.exitCode : 0;
  const texts: Readonly<Record<string, string>> = {
    created: 'Created',
    exited: `Exited (${exitCode}) 1 second ago`,
    paused: 'Up 1 second (Paused)',
    restarting: `Restarting (${exitCode}) 1 second ago`,
    running: `Up 1 second (${health === 'starting' ? 'health: starting' : health})`,
  };
  return texts[state] ?? state;
}

export function condition(container: FakeContainer, now: number): ContainerCondition {
  const { behaviour } = container;
  return {
    state: stateOf(container),
    exitCode: behaviour.kind === 'exits' ? behaviour.exitCode : 0,
    outOfMemory: false,
    health: healthOf(container, now),
    lastProbe: behaviour.kind === 'never healthy' ? 'connection refused' : '',
  };
}

export const logOf = ({ behaviour }: FakeContainer): string =>
  behaviour.kind === 'healthy' ? 'ready\n' : `${behaviour.log}\n`;
