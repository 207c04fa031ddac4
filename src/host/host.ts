import type { Directory } from '../tenant/layout.ts';
import type { DockerEngine } from './docker.ts';
import type { Http } from './http.ts';
import type { Meters } from './metering.ts';
import type { Disks, Mounts, Space } from './storage.ts';
import type { Accounts, Input } from './users.ts';
import type { AppArmor, EdgeProcess, Endpoint, PacketFilter, Probes, Slices, Units } from './walls.ts';

export type * from './http.ts';
export type * from './metering.ts';
export type * from './storage.ts';
export type * from './users.ts';
export type * from './walls.ts';

/** A certificate as a server presents it. */
export interface ServedCertificate {
  readonly validFrom: Date;
  readonly validTo: Date;
}

export interface Certificates {
  /** What a server presents under this name; undefined when it presents none. */
  served(endpoint: Endpoint, hostname: string): Promise<ServedCertificate | undefined>;
}

/** Settings of the kernel by their names, such as `net.ipv4.ip_local_reserved_ports`. */
export interface Sysctl {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}

/** What stands at a path; links are not followed. */
export interface PathFacts {
  readonly kind: 'directory' | 'file' | 'other';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Files and directories. A link in the last component is never followed; one before it only when root alone
 * can have put it there, races included. All else that others prepare is refused with an AiplatError, and so
 * is whatever the kernel refuses.
 */
export interface Files {
  /**
   * The text of a regular file, undefined when there is none.
   * @param owners for a file that others than root write: it has to belong to one of these UIDs, under this
   *   name alone (no hard links), and has to be UTF-8 without NUL.
   */
  readText(path: string, limitBytes: number, owners?: readonly number[]): Promise<string | undefined>;
  stat(path: string): Promise<PathFacts | undefined>;
  /** Bytes of a regular file; undefined when there is none. */
  size(path: string): Promise<number | undefined>;
  /** The names in a directory, none when there is none. */
  list(path: string): Promise<string[]>;
  /** Missing parents become root's, 0755. */
  makeDirectory(directory: Directory): Promise<void>;
  /** Writes through a temporary file beside it and a rename, so that a reader sees the old or the new text. */
  writeText(path: string, text: string | Buffer, owner: FileOwner): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a directory, unless something is in it. */
  removeEmptyDirectory(path: string): Promise<void>;
  /** Removes a whole tree, without following links and without what is mounted in it. */
  removeTree(path: string): Promise<void>;
  isMountPoint(path: string): Promise<boolean>;
  /** Of the file system at this path; undefined when nothing is there. */
  space(path: string): Promise<Space | undefined>;
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A log to which lines are added and from which nothing is taken. Its folder is closed to all but owner and group. */
export interface JournalFile {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Journal {
  /**
   * Makes the file ready for a line.
   * @throws AiplatError (exit 3) when it is known that none could be written.
   */
  prepare(file: JournalFile): Promise<void>;
  /** Adds one line, whole, and waits until the disk has it. */
  append(file: JournalFile, line: string): Promise<void>;
}

/** A listening TCP socket of the machine. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Such as `nginx (pid 812)`, as far as it can be seen. */
  readonly holder: string;
}

export interface Sockets {
  /** Ports of the range on which something listens that would be in the way of the address. */
  listeners(address: string, first: number, last: number): Promise<Listener[]>;
}

export interface LockHolder {
  readonly pid: number;
  readonly command: string;
  readonly user: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface Lock {
  release(): Promise<void>;
}

export interface Locks {
  /** The lock, or who holds it when it is not free within the time. It is gone with its process. */
  acquire(path: string, holder: LockHolder, waitMs: number): Promise<Lock | LockHolder>;
}

/** The text of a file of templates/, and what a folder of it holds. */
export interface Templates {
  text(name: string): Promise<string>;
  /** Absolute path of a folder of templates/. */
  folder(name: string): string;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

export interface CommandManner {
  /** What its environment has beside PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>;
  /** It is killed with this process, however that ends: it must not go on alone. */
  readonly endsWithUs?: boolean;
}

export interface Commands {
  /** Runs a program of the system, without a shell. Lines of its output go to `onLine` as they come. */
  run(
    program: string,
    args: readonly string[],
    onLine?: (line: string) => void,
    manner?: CommandManner,
  ): Promise<CommandResult>;
}

export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<void>;
}

/** The machine: all that aiplat reads from it and does to it. */
export interface Host {
  readonly docker: DockerEngine;
  readonly accounts: Accounts;
  readonly input: Input;
  readonly sysctl: Sysctl;
  readonly certificates: Certificates;
  readonly files: Files;
  readonly journal: Journal;
  readonly sockets: Sockets;
  readonly locks: Locks;
  readonly meters: Meters;
  readonly apparmor: AppArmor;
  readonly slices: Slices;
  readonly packetFilter: PacketFilter;
  readonly units: Units;
  readonly edge: EdgeProcess;
  readonly disks: Disks;
  readonly mounts: Mounts;
  readonly probes: Probes;
  readonly http: Http;
  readonly templates: Templates;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly random: (count: number) => Buffer;
}
