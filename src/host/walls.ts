/** The part of the machine that keeps tenants apart. */

/** What the kernel says of a process: `Uid`, `CapEff` and so on of /proc/PID/status. */
export type ProcessStatus = Readonly<Record<string, string>>;

/** What came of an attempt to connect. */
export type Reached = 'open' | 'refused' | 'silent' | 'no route';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** From where an attempt is made: the network of a process, else the host's, and as which user, else root. */
export interface Standpoint {
  readonly networkOf?: number;
  readonly uid?: number;
}

/** Looks at walls from where an attacker stands. Nothing is sent but the request for a connection. */
export interface Probes {
  /** Undefined when the process is gone. */
  status(pid: number): Promise<ProcessStatus | undefined>;
  /** Two processes have the same text when they share it; undefined when the process is gone. */
  networkNamespace(pid: number): Promise<string | undefined>;
  /** Tries all of them side by side. */
  connect(from: Standpoint, targets: readonly Endpoint[]): Promise<readonly Reached[]>;
  /** IPv4 addresses of the machine but for loopback. */
  ownAddresses(): Promise<readonly string[]>;
}

/** The AppArmor of the kernel. */
export interface AppArmor {
  /** Loaded profiles and their modes (enforce, complain, …); undefined on a kernel without AppArmor. */
  loaded(): Promise<ReadonlyMap<string, string> | undefined>;
  hasParser(): Promise<boolean>;
  /** Loads all profiles of a file, in the place of those with the same names. */
  load(path: string): Promise<void>;
  /**
   * Removes profiles from the kernel.
   * @throws AiplatError when a process wears one: it would go on unconfined.
   */
  unload(names: readonly string[]): Promise<void>;
  /** What the kernel says of a process, such as `docker-default (enforce)`; undefined when it is gone. */
  labelOf(pid: number): Promise<string | undefined>;
}

/** What all processes of a tenant may use together. */
export interface SliceLimits {
  /** 1 to 10000; 100 is what everybody has (systemd.resource-control, CPUWeight=). */
  readonly cpuWeight: number;
  readonly ioWeight: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** A control group for all containers of a tenant. */
export interface Slice {
  /** Who makes control groups on this host: systemd or, through the file system, whoever needs one. */
  readonly driver: 'systemd' | 'cgroupfs';
  /** As the engine wants it: `aiplat-1001.slice` or `/aiplat/tenant-1001`. */
  readonly parent: string;
}

export interface SliceUsage {
  readonly memoryBytes: number;
  readonly pids: number;
}

/** A directory in which the kernel shows the control groups of a slice. */
export interface GroupDirectory {
  /** `unified` in v2; in v1 the controller's name. */
  readonly name: string;
  readonly path: string;
}

export interface Slices {
  /** Where the kernel shows this slice, whether it is there yet or not. */
  directories(slice: Slice): Promise<readonly GroupDirectory[]>;
  /** The limits in force, as far as the kernel has such a control; undefined when there is no such group. */
  limits(slice: Slice): Promise<Partial<SliceLimits> | undefined>;
  usage(slice: Slice): Promise<SliceUsage | undefined>;
  apply(slice: Slice, limits: SliceLimits): Promise<void>;
  remove(slice: Slice): Promise<void>;
}

/** The packet filter of the kernel, as far as aiplat's own table goes. */
export interface PacketFilter {
  hasProgram(): Promise<boolean>;
  /** The table as JSON of nft; undefined when the kernel has none. */
  table(): Promise<string | undefined>;
  /** Loads a file in one transaction: all of it, or nothing. */
  load(path: string): Promise<void>;
  remove(): Promise<void>;
}

/** Files of the edge that its process has to know. */
export interface EdgePlaces {
  readonly unit: string;
  readonly config: string;
  readonly socketDir: string;
  readonly socket: string;
}

/** The program that routes what comes from the world to the tenants. */
export interface EdgeProcess {
  hasProgram(): Promise<boolean>;
  /** What it says against a configuration; undefined when it accepts it. */
  complaint(config: string): Promise<string | undefined>;
  /** The version of the configuration with which it runs; undefined when it does not. */
  running(socket: string): Promise<string | undefined>;
  /** Has it run with the configuration as it is now; one that runs already loses no connection by it. */
  takeOver(places: EdgePlaces, version: string): Promise<void>;
  stop(socket: string): Promise<void>;
}

/** Units of the service manager. Where there is none, nothing happens. */
export interface Units {
  isThere(): Promise<boolean>;
  text(unit: string): Promise<string | undefined>;
  isEnabled(unit: string): Promise<boolean>;
  /** Writes the unit and has it start at every boot. */
  enable(unit: string, text: string): Promise<void>;
  start(unit: string): Promise<void>;
  /** Stops it, and takes it out of every boot. */
  disable(unit: string): Promise<void>;
}
