import type { Service } from '../catalog/schema.ts';
import { type FoundFirewall, firewallFault, observeFirewall } from '../firewall/raise.ts';
import type { FoundContainer } from '../host/docker.ts';
import type { ContainerWalls } from '../host/docker-walls.ts';
import type { Host, PathFacts, ProcessStatus, SliceLimits } from '../host/host.ts';
import { observePaths } from '../stack/observe.ts';
import type { Stack } from '../stack/stack.ts';
import { baseDirectories, type Directory, envPath } from '../tenant/layout.ts';
import { LABEL } from '../tenant/names.ts';
import { type Attempt, type Attempted, attemptsOf } from './attempts.ts';

/** One process of a container, as the kernel has it. */
export interface SeenProcess {
  readonly pid: number;
  readonly label: string | undefined;
  readonly status: ProcessStatus;
}

/** One running container of the tenant. */
export interface SeenContainer {
  readonly id: string;
  readonly service: string;
  readonly name: string;
  readonly walls: ContainerWalls;
  readonly processes: readonly SeenProcess[];
  /** What came of an attempt to read /etc/shadow in it; undefined when it has no program for that. */
  readonly readShadow: { readonly exitCode: number; readonly output: string } | undefined;
  /** What came of an attempt at its data with the key, and of one without; undefined when it has no lock. */
  readonly opened: { readonly withKey: boolean; readonly withoutKey: boolean } | undefined;
}

/** All that a verification looked at. */
export interface Facts {
  readonly stack: Stack;
  readonly containers: readonly SeenContainer[];
  readonly networkMembers: readonly string[];
  readonly own: readonly string[];
  readonly directories: readonly { readonly wanted: Directory; readonly found: PathFacts | undefined }[];
  readonly limits: Partial<SliceLimits> | undefined;
  readonly firewallFault: string | undefined;
  readonly attempts: readonly Attempted[];
}

/** Looks at everything, changes nothing. `against` limits the neighbours that are tried. */
export async function gatherFacts(host: Host, stack: Stack, against: string | undefined): Promise<Facts> {
  const all = await host.docker.listContainers({});
  const own = all.filter(({ labels }) => labels[LABEL.tenant] === stack.tenant.name);
  const running = own.filter(({ state }) => state === 'running');
  const neighbours = all.filter(
    ({ labels, state }) =>
      state === 'running' &&
      labels[LABEL.tenant] !== undefined &&
      labels[LABEL.tenant] !== stack.tenant.name &&
      (against === undefined || labels[LABEL.tenant] === against),
  );
  const processes = await host.meters.processes(
    running.map(({ id }) => id),
    [stack.slice.parent],
  );
  const [containers, networkMembers, directories, limits, firewall, addresses] = await Promise.all([
    Promise.all(
      running.map((one) => seeContainer(host, one, processes.get(one.id) ?? [], lockOf(stack, one))),
    ),
    running.length === 0 ? [] : host.docker.membersOf(stack.network.name),
    seeDirectories(host, stack),
    host.slices.limits(stack.slice),
    stack.firewall && observeFirewall(host, stack.firewall),
    host.probes.ownAddresses(),
  ]);
  const attempts = attemptsOf({ stack, running, processes, neighbours, addresses });
  return {
    stack,
    containers,
    networkMembers,
    own: own.map(({ name }) => name),
    directories,
    limits,
    firewallFault: faultOf(firewall),
    attempts: await makeAttempts(host, attempts),
  };
}

const faultOf = (firewall: FoundFirewall | undefined): string | undefined =>
  firewall === undefined ? 'the host config leaves it out' : firewallFault(firewall);

async function seeContainer(
  host: Host,
  found: FoundContainer,
  pids: readonly number[],
  lock: Service['lock'],
): Promise<SeenContainer> {
  const [walls, processes, readShadow, opened] = await Promise.all([
    host.docker.wallsOf(found.id),
    Promise.all(pids.map((pid) => seeProcess(host, pid))),
    host.docker.exec(found.id, ['cat', '/etc/shadow']).catch(() => undefined),
    lock && tryLock(host, found.id, lock),
  ]);
  return {
    id: found.id,
    service: found.labels[LABEL.service] ?? found.name,
    name: found.name,
    walls,
    processes: processes.filter((one) => one !== undefined),
    readShadow,
    opened,
  };
}

const lockOf = ({ services }: Stack, { labels }: FoundContainer): Service['lock'] =>
  services.find(({ service }) => service.name === labels[LABEL.service])?.service.lock;

async function tryLock(
  { docker }: Host,
  id: string,
  { withKey, withoutKey }: NonNullable<Service['lock']>,
): Promise<SeenContainer['opened']> {
  const opens = async (command: readonly string[]): Promise<boolean> =>
    (await docker.exec(id, command)).exitCode === 0;
  return { withKey: await opens(withKey), withoutKey: await opens(withoutKey) };
}

async function seeProcess(host: Host, pid: number): Promise<SeenProcess | undefined> {
  const [label, status] = await Promise.all([host.apparmor.labelOf(pid), host.probes.status(pid)]);
  return status === undefined ? undefined : { pid, label, status };
}

async function seeDirectories(host: Host, stack: Stack): Promise<Facts['directories']> {
  const { tenant } = stack;
  const env = { path: envPath(tenant), uid: tenant.uid, gid: tenant.gid, mode: 0o600 };
  const data = stack.services.flatMap(({ directories }) => directories);
  const wanted = [...baseDirectories(tenant, stack.domain), ...data, env];
  const found = await observePaths(
    host,
    wanted.map(({ path }) => path),
  );
  return wanted.map((one) => ({ wanted: one, found: found.get(one.path) }));
}

/** Those from one standpoint go out together. */
async function makeAttempts(host: Host, attempts: readonly Attempt[]): Promise<Attempted[]> {
  const groups = Map.groupBy(attempts, ({ from }) => JSON.stringify(from));
  const made = await Promise.all(
    [...groups.values()].map(async (group) => {
      const [first] = group;
      const reached = await host.probes.connect(
        first?.from ?? {},
        group.map(({ target }) => target),
      );
      return group.map((one, at) => ({ ...one, reached: reached[at] ?? 'silent' }) as const);
    }),
  );
  return made.flat();
}
