import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, Templates } from '../../src/host/host.ts';
import { FakeAccounts, FakeSysctl } from './fake-accounts.ts';
import { FakeCertificates } from './fake-certificates.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeDocker } from './fake-docker.ts';
import { FakeEdge } from './fake-edge.ts';
import { FakeFiles } from './fake-files.ts';
import { FakeHttp } from './fake-http.ts';
import { FakeInput } from './fake-input.ts';
import { FakeJournal } from './fake-journal.ts';
import { FakeAppArmor, FakePacketFilter, FakeSlices, FakeUnits } from './fake-kernel.ts';
import { FakeCommands, FakeLocks, FakeMeters } from './fake-machine.ts';
import { FakeProbes } from './fake-probes.ts';
import { FakeSockets } from './fake-sockets.ts';
import { FakeDisks, FakeMounts } from './fake-storage.ts';
import { Life, type Moment } from './life.ts';

const REAL_TEMPLATES = join(import.meta.dirname, '../../templates');
/** Where the fake machine has the templates. Tests may change them there: that is another release of aiplat. */
export const TEMPLATES = '/usr/lib/aiplat/templates';

const realTemplates: ReadonlyMap<string, string> = new Map(
  readdirSync(REAL_TEMPLATES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [TEMPLATES + path.slice(REAL_TEMPLATES.length), readFileSync(path, 'utf8')]),
);

/** Bytes that look random and are the same for the same seed. */
export function fixedRandom(seed: string): (count: number) => Buffer {
  let calls = 0;
  return (count) => {
    calls++;
    const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, block) =>
      createHash('sha256').update(`${seed} ${calls} ${block}`).digest(),
    );
    return Buffer.concat(blocks).subarray(0, count);
  };
}

/**
 * A whole machine in memory, with one process on it. It refuses what a real machine refuses, its state lies
 * open for tests, and the process can be killed at any change that it makes.
 */
export class FakeHost implements Host {
  readonly life = new Life();
  readonly clock = new FakeClock(this.life);
  readonly files = new FakeFiles(this.life);
  readonly sockets = new FakeSockets(this.life);
  readonly journal = new FakeJournal(this.life);
  readonly apparmor = new FakeAppArmor(this.life, this.files);
  readonly slices = new FakeSlices(this.life, this.files);
  readonly packetFilter = new FakePacketFilter(this.life, this.files);
  readonly units = new FakeUnits(this.life, this.files);
  readonly edge = new FakeEdge(this.life, this.files, this.units);
  readonly disks = new FakeDisks(this.life);
  readonly mounts = new FakeMounts(this.life, this.files, this.disks);
  readonly probes = new FakeProbes(this.life);
  readonly http = new FakeHttp(this.life, this.files);
  readonly docker = new FakeDocker(this);
  readonly accounts = new FakeAccounts(this.life);
  readonly input = new FakeInput(this.life);
  readonly certificates = new FakeCertificates(this.life);
  readonly sysctl = new FakeSysctl(this.life);
  readonly locks = new FakeLocks(this.life, this.clock);
  readonly meters = new FakeMeters(this.life);
  readonly commands = new FakeCommands(this.life);
  readonly templates: Templates = {
    text: (name) => this.life.look(() => this.files.text(`${TEMPLATES}/${name}`) ?? ''),
    folder: (name) => `${TEMPLATES}/${name}`,
  };
  /** A process with another seed draws other secrets. */
  seed = 'one';
  random = fixedRandom(this.seed);

  constructor() {
    this.probes.containers = () => this.docker.containers.all;
    this.http.containers = () => this.docker.containers.all;
    this.files.put('/etc/apparmor.d');
    this.files.put('/sys/fs/cgroup/aiplat.slice');
    for (const [path, text] of realTemplates) this.files.put(path, { text });
  }

  /** The changes that the process has made, in words. */
  get changes(): readonly string[] {
    return this.life.changes;
  }

  /** The process will be killed at its n-th change, counted from 1. */
  killAt(n: number, moment: Moment): void {
    this.life.killAt(n, moment);
  }

  /** The n-th change will be refused. */
  failAt(n: number, error: Error): void {
    this.life.failAt(n, error);
  }

  /** A new process on the same machine. What the old one held, such as locks, is gone. */
  startProcess(): void {
    this.life.begin();
    this.locks.forget();
    this.random = fixedRandom(this.seed);
  }
}
