/** The narrow view of a Docker Engine that the rest of aiplat has. Names and labels are the callers'. */

import type { BuildSpec, FoundImage } from './docker-image.ts';
import type { ContainerWalls } from './docker-walls.ts';

export type * from './docker-image.ts';

export type Labels = Readonly<Record<string, string>>;

export interface EngineFacts {
  readonly version: string;
  /** Such as 1.41: what the engine understands at most. */
  readonly apiVersion: string;
  readonly name: string;
  readonly securityOptions: readonly string[];
  /** Such as 6.1.0-42-cloud-amd64. */
  readonly kernelVersion: string;
  readonly cgroupVersion: string;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  readonly dataRoot: string;
  /** Names of the programs that it can start containers with, such as runc and nvidia. */
  readonly runtimes: readonly string[];
}

export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  /** created, running, paused, restarting, exited or dead. */
  readonly state: string;
  readonly health: Health;
  /** The engine's own words, such as `Up 5 minutes (healthy)`. */
  readonly status: string;
  readonly publishedPorts: readonly PublishedPort[];
  /** Name of a network → the id that it had when the container was attached; empty before the first start. */
  readonly networks: Readonly<Record<string, string>>;
  /** IPv4 addresses that a running one has. */
  readonly addresses: readonly string[];
  /** Id of the container whose network namespace it shares. */
  readonly networkOf?: string | undefined;
}

export interface PublishedPort {
  readonly address: string;
  readonly port: number;
}

export interface FoundNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
  readonly subnets: readonly string[];
}

export interface NetworkSpec {
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
  readonly labels: Labels;
}

export interface MountSpec {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface PortSpec {
  readonly address: string;
  readonly port: number;
  readonly container: number;
}

export interface HealthSpec {
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  /** Known to engines from API 1.44 on; 0 leaves it out. */
  readonly startIntervalMs: number;
}

/** Everything that makes a container what it is. */
export interface ContainerSpec {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Labels;
  readonly mounts: readonly MountSpec[];
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly readOnlyRoot: boolean;
  readonly capabilities: readonly string[];
  /** Settings of the container's own network namespace. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly securityOptions: readonly string[];
  /** The AppArmor profile that all its processes wear; undefined on hosts that go without. */
  readonly profile: string | undefined;
  /** The control group in which its own lies. */
  readonly cgroupParent: string;
  readonly network: string;
  /** The container whose network namespace it shares, with network, names, ports, resolver and host name. */
  readonly networkOf?: string | undefined;
  readonly aliases: readonly string[];
  /** Where names of the world are looked up; undefined: where the host does. */
  readonly dns: readonly string[] | undefined;
  readonly ports: readonly PortSpec[];
  readonly health: HealthSpec;
  readonly memoryBytes: number;
  readonly nanoCpus: number;
  readonly pids: number;
  readonly shmBytes: number | undefined;
  readonly stopGraceSeconds: number;
  /** All GPUs of NVIDIA that the host has; left out, none. */
  readonly gpu?: true;
  /** The engine does not start it again when its program ends. */
  readonly runsOnce?: boolean;
}

export interface ContainerQuery {
  readonly labels?: Labels;
  readonly names?: readonly string[];
}

/** How a container is, to say why it is not well. */
export interface ContainerCondition {
  readonly state: string;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly health: Health;
  readonly lastProbe: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly output: string;
}

export interface LogOptions {
  readonly tail: number | 'all';
  /** Unix time in seconds; 0 means from the beginning. */
  readonly since: number;
  readonly follow: boolean;
  /** Does each line begin with its time? */
  readonly timestamps: boolean;
}

/** One line of progress of a pull or a build, for a person. */
export type OnProgress = (line: string) => void;

/** A Docker Engine. Methods reject with an AiplatError when it cannot be reached; removing what is gone is no error. */
export interface DockerEngine {
  facts(): Promise<EngineFacts>;
  listContainers(query: ContainerQuery): Promise<FoundContainer[]>;
  listNetworks(): Promise<FoundNetwork[]>;
  listImages(references: readonly string[]): Promise<FoundImage[]>;
  createNetwork(spec: NetworkSpec): Promise<void>;
  removeNetwork(id: string): Promise<void>;
  createContainer(spec: ContainerSpec): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string): Promise<void>;
  renameContainer(id: string, name: string): Promise<void>;
  removeContainer(id: string): Promise<void>;
  wallsOf(id: string): Promise<ContainerWalls>;
  /** Names of the containers that are attached to a network. */
  membersOf(network: string): Promise<string[]>;
  /** Its first process, 0 when it does not run. */
  pidOf(id: string): Promise<number>;
  conditionOf(id: string): Promise<ContainerCondition>;
  /** @param input what the command reads; it stands in no list of processes and no log. */
  exec(id: string, command: readonly string[], input?: string): Promise<ExecResult>;
  /** The last lines of stdout and stderr, as one text. */
  logTail(id: string, lines: number): Promise<string>;
  /** Hands each chunk over as it comes; ends when the container or the signal does. */
  streamLogs(
    id: string,
    options: LogOptions,
    write: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  pullImage(reference: string, onProgress: OnProgress): Promise<void>;
  buildImage(spec: BuildSpec, onProgress: OnProgress): Promise<void>;
  importImage(rootDirectory: string, tag: string, labels: Labels): Promise<void>;
  /** Paths that an image declares as places of data: each one without a mount becomes a volume of the engine's own. */
  imageVolumes(reference: string): Promise<string[]>;
  readImageFile(reference: string, path: string): Promise<string>;
  removeImage(reference: string): Promise<void>;
}
