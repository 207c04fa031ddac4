import { catalog } from '../catalog/catalog.ts';
import type { FoundContainer } from '../host/docker.ts';
import type { Endpoint, Reached, Standpoint } from '../host/host.ts';
import { labelledPorts } from '../ports/published.ts';
import type { Stack } from '../stack/stack.ts';
import { LABEL } from '../tenant/names.ts';

/** One attempt to connect, and what has to come of it. */
export interface Attempt {
  readonly what: string;
  readonly from: Standpoint;
  readonly target: Endpoint;
  /** A control has to succeed: without it a wall and a dead target look the same. */
  readonly isControl: boolean;
}

export interface Attempted extends Attempt {
  readonly reached: Reached;
}

export interface Field {
  readonly stack: Stack;
  /** The tenant's own running containers. */
  readonly running: readonly FoundContainer[];
  readonly processes: ReadonlyMap<string, readonly number[]>;
  /** Running containers of other tenants. */
  readonly neighbours: readonly FoundContainer[];
  /** The host's own addresses. */
  readonly addresses: readonly string[];
}

/** Where clouds keep a machine's credentials and data. */
const METADATA = ['169.254.169.254', 'fd00:ec2::254'];
const SSH = 22;
/** Ports of services without a page of their own (their programs' defaults). */
const PORTS: Readonly<Record<string, number>> = {
  postgres: 5432,
  valkey: 6379,
  chroma: 8000,
  milvus: 19530,
  qdrant: 6333,
  weaviate: 8080,
  caddy: 2020,
};
/** A user that no tenant and no account has to be: systemd's range for the unknown ends here. */
const STRANGER_UID = 65535 + 4242;

const portOf = (service: string): number =>
  catalog.get(service)?.route?.port ?? PORTS[service] ?? catalog.get(service)?.metrics?.port ?? 80;

const endpoints = (containers: readonly FoundContainer[]): (Endpoint & { name: string })[] =>
  containers.flatMap(({ name, labels, addresses }) =>
    addresses.map((address) => ({ name, address, port: portOf(labels[LABEL.service] ?? '') })),
  );

const published = (containers: readonly FoundContainer[]): (Endpoint & { name: string })[] =>
  containers.flatMap((one) => labelledPorts(one).map((port) => ({ name: one.name, ...port })));

/** What is tried: out of a container of the tenant, and at the tenant's ports by other users of the host. */
export function attemptsOf(field: Field): Attempt[] {
  const pid = field.running.flatMap(({ id }) => field.processes.get(id) ?? [])[0];
  return [...(pid === undefined ? [] : fromInside(pid, field)), ...fromHost(field)];
}

function fromInside(pid: number, { stack, running, neighbours, addresses }: Field): Attempt[] {
  const from = { networkOf: pid };
  const attempt = (what: string, target: Endpoint, isControl = false): Attempt => ({
    what,
    from,
    target: { address: target.address, port: target.port },
    isControl,
  });
  const gateway = stack.tenant.subnet.gateway;
  const hostPorts = [SSH, ...[...published(running), ...published(neighbours)].map(({ port }) => port)];
  return [
    ...endpoints(running).map((one) => attempt(`${one.name}, a neighbour at home`, one, true)),
    ...endpoints(neighbours).map((one) => attempt(`${one.name}, of another tenant`, one)),
    ...[gateway, ...addresses].flatMap((address) =>
      [...new Set(hostPorts)].map((port) => attempt('the host itself', { address, port })),
    ),
    ...METADATA.map((address) => attempt("the cloud's metadata", { address, port: 80 })),
  ];
}

function fromHost({ stack, running }: Field): Attempt[] {
  const who = (uid: number): Standpoint => ({ uid });
  const bare = ({ address, port }: Endpoint): Endpoint => ({ address, port });
  return [
    ...published(running).map((one) => ({
      what: `${one.name} by its own tenant`,
      from: who(stack.tenant.uid),
      target: bare(one),
      isControl: true,
    })),
    ...published(running).map((one) => ({
      what: `${one.name} by another user of the host`,
      from: who(STRANGER_UID),
      target: bare(one),
      isControl: false,
    })),
    ...endpoints(running).map((one) => ({
      what: `${one.name} past its published port, by another user of the host`,
      from: who(STRANGER_UID),
      target: bare(one),
      isControl: false,
    })),
  ];
}
