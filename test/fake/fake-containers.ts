import { catalog, unitOf } from '../../src/catalog/catalog.ts';
import type {
  ContainerCondition,
  ContainerQuery,
  ContainerSpec,
  ExecResult,
  FoundContainer,
  MountSpec,
} from '../../src/host/docker.ts';
import type { ContainerWalls } from '../../src/host/docker-walls.ts';
import type { Listener } from '../../src/host/host.ts';
import { type EngineLink, engineRefuses } from './engine-link.ts';
import type { FakeClock } from './fake-clock.ts';
import {
  type Behaviour,
  condition,
  type FakeContainer,
  found,
  healthOf,
  logOf,
  pidOf,
  stateOf,
  WELL,
} from './fake-container.ts';
import type { FakeFiles } from './fake-files.ts';
import type { FakeImages } from './fake-images.ts';
import type { FakeAppArmor, FakeSlices } from './fake-kernel.ts';
import type { FakeNetworks } from './fake-networks.ts';
import { type FakeCluster, runStatements } from './fake-postgres.ts';
import { wallsOf } from './fake-probes.ts';
import { loadFiles, runProgram } from './fake-program.ts';
import { type FakeSockets, isInTheWay } from './fake-sockets.ts';
import { FakeTailnet } from './fake-tailnet.ts';

/** So long takes the engine to start or stop a container. */
const START_MS = 300;
const STOP_MS = 500;

/** A program that cannot read its config file. */
const CONFUSED: Behaviour = { kind: 'exits', exitCode: 1, log: 'Error: the config file is wrong' };

export interface Surroundings {
  readonly link: EngineLink;
  readonly clock: FakeClock;
  readonly files: FakeFiles;
  readonly sockets: FakeSockets;
  readonly images: FakeImages;
  readonly networks: FakeNetworks;
  readonly apparmor: FakeAppArmor;
  readonly slices: FakeSlices;
}

/** The containers of the fake engine: it refuses what a real one refuses. */
export class FakeContainers {
  all: FakeContainer[] = [];
  /** How programs behave, by image reference or plain name of the service; the image counts more. */
  readonly behaviours = new Map<string, Behaviour>();
  /** Config files that contain one of these are not accepted by the programs. */
  readonly badConfig = new Set<string>();
  /** Data directory of PostgreSQL → the password that stands in it, from its first start on. */
  readonly passwords = new Map<string, string>();
  refusesNewPassword = false;
  /** Data directory of PostgreSQL → the databases in it that services have. */
  readonly clusters = new Map<string, FakeCluster>();
  /** What comes of a command inside of a container, by its first words. */
  readonly programs = new Map<string, ExecResult>();
  /** Where the nodes of Tailscale log in. */
  readonly tailnet = new FakeTailnet();
  /** Databases ask nobody for a password. */
  opensWithoutKey = false;
  /** An engine that forgets the profile of every container, as some were seen to do. */
  dropsProfiles = false;
  readonly #around: Surroundings;
  #lastId = 0;
  #lastNamespace = 4_026_531_840;

  constructor(around: Surroundings) {
    this.#around = around;
    around.sockets.published = () => this.#published();
    around.apparmor.worn = () => new Map(this.#running().map((one) => [pidOf(one), one.wears]));
    around.networks.inUse = () => new Set(this.#running().map(({ spec }) => spec.network));
  }

  named(name: string): FakeContainer | undefined {
    return this.all.find((container) => container.name === name);
  }

  /** starting, healthy, unhealthy, none, or `gone`. */
  healthOf(name: string): string {
    const container = this.named(name);
    return container === undefined ? 'gone' : healthOf(container, this.#now());
  }

  /** Puts a container there as if it had always been. */
  put(spec: ContainerSpec, state: FakeContainer['state'] = 'running'): FakeContainer {
    const container: FakeContainer = {
      id: `id-${++this.#lastId}`,
      name: spec.name,
      spec,
      state,
      startedAt: Number.NEGATIVE_INFINITY,
      sharesWith: spec.networkOf === undefined ? undefined : this.#ownerOf(spec.networkOf),
      namespace: '',
      networkId: state === 'created' ? undefined : this.#networkOf(spec)?.id,
      behaviour: WELL,
      wears: spec.profile ?? 'docker-default',
      loaded: new Map(),
    };
    this.all.push(container);
    if (state === 'running') this.#giveNamespace(container);
    return container;
  }

  #ownerOf(name: string): string {
    const owner = this.named(name);
    if (owner === undefined) throw engineRefuses(404, `No such container: ${name}`);
    return owner.id;
  }

  #giveNamespace(container: FakeContainer): void {
    const owner = this.all.find(({ id }) => id === container.sharesWith);
    container.namespace = owner?.namespace ?? `net:[${++this.#lastNamespace}]`;
  }

  list({ labels = {}, names }: ContainerQuery): Promise<FoundContainer[]> {
    const hasLabels = ({ spec }: FakeContainer): boolean =>
      Object.entries(labels).every(([key, value]) => spec.labels[key] === value);
    return this.#around.link.look(() =>
      this.all
        .filter((container) => hasLabels(container) && (names?.includes(container.name) ?? true))
        .map((container) => found(container, this.#now())),
    );
  }

  create(spec: ContainerSpec): Promise<string> {
    return this.#around.link.change(`create ${spec.name}`, () => {
      this.#requireFreeName(spec.name);
      if (!this.#around.images.local.has(spec.image))
        throw engineRefuses(404, `No such image: ${spec.image}`);
      this.#requireMountSources(spec);
      return this.put(spec, 'created').id;
    });
  }

  start(id: string): Promise<void> {
    return this.#around.link.change(`start ${this.#nameOf(id)}`, async () => {
      const container = this.#existing(id);
      if (container.state === 'paused')
        throw engineRefuses(409, 'cannot start a paused container, try unpause');
      if (container.state === 'running') return;
      await this.#around.clock.elapse(START_MS);
      this.#requireStartable(container);
      const { behaviours } = this;
      container.behaviour =
        behaviours.get(container.spec.image) ?? behaviours.get(container.spec.hostname) ?? WELL;
      container.state = 'running';
      container.wears = this.#profileFor(container.spec);
      container.startedAt = this.#now();
      this.#giveNamespace(container);
      container.networkId = this.#networkOf(container.spec)?.id;
      if (!loadFiles(container, this.#around.files, this.badConfig)) container.behaviour = CONFUSED;
      if (container.spec.hostname === 'tailscale' && container.behaviour === WELL)
        container.behaviour = this.tailnet.behaviourOf(container);
      const data = dataOf(container);
      if (container.spec.hostname === 'postgres' && !this.passwords.has(data))
        this.passwords.set(data, passwordOf(container));
    });
  }

  stop(id: string): Promise<void> {
    return this.#around.link.change(`stop ${this.#nameOf(id)}`, async () => {
      const container = this.all.find((other) => other.id === id);
      if (container?.state !== 'running' && container?.state !== 'paused') return;
      await this.#around.clock.elapse(STOP_MS);
      container.state = 'exited';
    });
  }

  rename(id: string, name: string): Promise<void> {
    return this.#around.link.change(`rename ${this.#nameOf(id)} to ${name}`, () => {
      const container = this.#existing(id);
      this.#requireFreeName(name);
      container.name = name;
    });
  }

  remove(id: string): Promise<void> {
    return this.#around.link.change(`remove container ${this.#nameOf(id)}`, () => {
      this.all = this.all.filter((container) => container.id !== id);
    });
  }

  wallsOf(id: string): Promise<ContainerWalls> {
    return this.#around.link.look(() => wallsOf(this.#existing(id)));
  }

  membersOf(network: string): Promise<string[]> {
    return this.#around.link.look(() =>
      this.#running()
        .filter(({ spec }) => spec.network === network)
        .map(({ name }) => name),
    );
  }

  pidOf(id: string): Promise<number> {
    return this.#around.link.look(() => pidOf(this.#existing(id)));
  }

  conditionOf(id: string): Promise<ContainerCondition> {
    return this.#around.link.look(() => condition(this.#existing(id), this.#now()));
  }

  logTail(id: string): Promise<string> {
    return this.#around.link.look(() => logOf(this.#existing(id)));
  }

  exec(id: string, command: readonly string[], input?: string): Promise<ExecResult> {
    if (input !== undefined) return this.#askPostgres(id, input);
    if (command[0] === 'cat') {
      const isShadow = command[1] === '/etc/shadow';
      const refused = { exitCode: 1, output: 'Permission denied' };
      return this.#around.link.look(() => (isShadow ? refused : this.#labelInside(this.#existing(id))));
    }
    const known = [...this.programs].find(([words]) => command.join(' ').startsWith(words));
    if (known !== undefined) return this.#around.link.look(() => known[1]);
    const line = command.at(-1) ?? '';
    if (line.includes('ALTER ROLE')) return this.#alterRole(id);
    if (line.includes('psql')) {
      const isIn = this.opensWithoutKey || line.includes('PGPASSWORD');
      return this.#around.link.look(() => ({ exitCode: isIn ? 0 : 2, output: '' }));
    }
    return this.#around.link.change(`exec in ${this.#nameOf(id)}: ${command.join(' ')}`, () => {
      const container = this.#existing(id);
      if (stateOf(container) !== 'running') {
        throw engineRefuses(409, `Container ${container.name} is ${stateOf(container)}`);
      }
      return runProgram(container, command, this.#around.files, this.badConfig);
    });
  }

  /** Statements reach the cluster in the data of a server that is well. */
  #askPostgres(id: string, input: string): Promise<ExecResult> {
    return this.#around.link.change(`statements in ${this.#nameOf(id)}`, () => {
      const container = this.#existing(id);
      if (healthOf(container, this.#now()) !== 'healthy')
        return { exitCode: 2, output: 'psql: error: connection refused' };
      if (this.refusesNewPassword) return { exitCode: 3, output: 'ERROR:  no' };
      const cluster = this.clusters.get(dataOf(container)) ?? { roles: new Map(), databases: new Map() };
      this.clusters.set(dataOf(container), cluster);
      return runStatements(cluster, input);
    });
  }

  /** The data takes over the password that the container's file has. */
  #alterRole(id: string): Promise<ExecResult> {
    return this.#around.link.change(`alter role in ${this.#nameOf(id)}`, () => {
      const container = this.#existing(id);
      if (healthOf(container, this.#now()) !== 'healthy')
        return { exitCode: 2, output: 'psql: error: connection refused' };
      if (this.refusesNewPassword) return { exitCode: 3, output: 'ERROR:  no' };
      this.passwords.set(dataOf(container), passwordOf(container));
      return { exitCode: 0, output: '' };
    });
  }

  /** The process gets its profile from the engine when it starts. */
  #profileFor({ profile }: ContainerSpec): string {
    return this.dropsProfiles ? 'docker-default' : (profile ?? 'docker-default');
  }

  #labelInside({ wears }: FakeContainer): ExecResult {
    return { exitCode: 0, output: `${wears} (enforce)` };
  }

  #now(): number {
    return this.#around.clock.now().getTime();
  }

  #running(): FakeContainer[] {
    return this.all.filter(({ state }) => state === 'running');
  }

  #published(): Listener[] {
    return this.#running().flatMap(({ spec }) =>
      spec.ports.map(({ address, port }) => ({ address, port, holder: 'docker-proxy (pid 900)' })),
    );
  }

  #nameOf(id: string): string {
    return this.all.find((container) => container.id === id)?.name ?? id;
  }

  #existing(id: string): FakeContainer {
    const container = this.all.find((other) => other.id === id);
    if (container === undefined) throw engineRefuses(404, `No such container: ${id}`);
    return container;
  }

  #requireFreeName(name: string): void {
    if (this.named(name) === undefined) return;
    throw engineRefuses(409, `Conflict. The container name "/${name}" is already in use`);
  }

  #requireMountSources({ mounts }: ContainerSpec): void {
    const missing = mounts.find(({ source }) => !this.#around.files.tree.has(source));
    if (missing === undefined) return;
    throw engineRefuses(400, `invalid mount config: bind source path does not exist: ${missing.source}`);
  }

  #networkOf({ network }: ContainerSpec): { id: string } | undefined {
    return this.#around.networks.all.find(({ name }) => name === network);
  }

  #requireStartable({ spec, networkId, sharesWith }: FakeContainer): void {
    this.#requireMountSources(spec);
    const owner = this.all.find(({ id }) => id === sharesWith);
    if (sharesWith !== undefined && owner?.state !== 'running')
      throw engineRefuses(409, `cannot join network of a non running container: ${sharesWith}`);
    const network = this.#networkOf(spec);
    // A network that was removed and made again has the old name and another id (seen with Docker 20.10).
    if (network === undefined || (networkId ?? network.id) !== network.id) {
      throw engineRefuses(404, `network ${networkId ?? spec.network} not found`);
    }
    this.#requireOwnData(spec);
    this.#requireWalls(spec);
    const listeners = this.#around.sockets.all();
    for (const { address, port } of spec.ports) {
      if (!listeners.some((other) => other.port === port && isInTheWay(other, address))) continue;
      throw engineRefuses(500, `Bind for ${address}:${port} failed: port is already allocated`);
    }
  }

  /** The kernel refuses a profile that it does not have; a slice without limits is one of no use. */
  #requireWalls({ name, profile, cgroupParent }: ContainerSpec): void {
    const { apparmor, slices } = this.#around;
    if (profile !== undefined && !apparmor.profiles?.has(profile)) {
      throw engineRefuses(400, 'write /proc/self/attr/apparmor/exec: no such file or directory');
    }
    if (!slices.all.has(cgroupParent)) throw new Error(`${name} would start without the tenant's limits`);
  }

  /** No rule of Docker's but one of ours: two databases in one directory destroy it. */
  #requireOwnData({ name, hostname, mounts }: ContainerSpec): void {
    const written = ({ source, readOnly }: MountSpec): string[] => (readOnly ? [] : [source]);
    // Parts of one service share data by design; two containers of one part never may.
    const others = this.#running().filter(({ spec }) => !arePartsOfOne(hostname, spec.hostname));
    const inUse = new Set(others.flatMap(({ spec }) => spec.mounts.flatMap(written)));
    const shared = mounts.flatMap(written).find((source) => inUse.has(source));
    if (shared !== undefined) throw new Error(`${name} would write to ${shared}, where another one writes`);
  }
}

/** Of different parts: the container before a replacement is none beside it. */
function arePartsOfOne(one: string, other: string): boolean {
  const [first, second] = [catalog.get(one), catalog.get(other)];
  return one !== other && first !== undefined && second !== undefined && unitOf(first) === unitOf(second);
}

const dataOf = ({ spec }: FakeContainer): string =>
  spec.mounts.find(({ readOnly }) => !readOnly)?.source ?? '';

const passwordOf = ({ loaded }: FakeContainer): string => loaded.get('/run/secrets/POSTGRES_PASSWORD') ?? '';
