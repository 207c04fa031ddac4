import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import type { Conditions, EnvFact, Facts, ReachFact, WriteFact } from './facts.ts';
import { reach } from './reach.ts';
import { type Env, filled, readValue } from './values.ts';

/** What the program sees of itself. */
export interface Self {
  readonly env: Env;
  readonly commandLine: string;
  /** Texts of /proc/self/mountinfo and /proc/self/status. */
  readonly mountinfo: string;
  readonly status: string;
}

/** Every fact that does not hold, as a sentence. */
export async function faults(facts: Facts, self: Self): Promise<string[]> {
  const conditions = [facts, ...(facts.when ?? []).filter(({ name, is }) => self.env[name] === is)];
  const here = [
    ...conditions.flatMap((condition) => environmentFaults(condition, self.env)),
    ...(facts.writes ?? []).flatMap((write) => writeFaults(write, self.mountinfo)),
    ...(facts.closed ?? []).filter(isWritable).map((path) => `${path} can be written to`),
    ...rootFaults(facts, self.status),
    ...(facts.commandLine ?? [])
      .filter((words) => !new RegExp(words).test(self.commandLine))
      .map((words) => `the command line has no ${words}: ${self.commandLine}`),
    ...conditions.flatMap((condition) => fileFaults(condition, self.env)),
  ];
  if (here.length > 0) return here;
  const wanted = conditions.flatMap(({ reaches }) => reaches ?? []);
  const reached = (facts: readonly ReachFact[]): Promise<(string | undefined)[]> =>
    Promise.all(facts.map((one) => reach(one, self.env)));
  const away = (await reached(wanted.filter((one) => !('holds' in one)))).flatMap((fault) => fault ?? []);
  if (away.length > 0) return away;
  // A connection that stays is the sign of life of some programs: only one that is well has it.
  return (await reached(wanted.filter((one) => 'holds' in one))).flatMap((fault) => fault ?? []);
}

const environmentFaults = ({ env }: Conditions, values: Env): string[] =>
  Object.entries(env ?? {}).flatMap(([name, fact]) => envFault(name, fact, values) ?? []);

function envFault(name: string, { format, optional, orFile }: EnvFact, values: Env): string | undefined {
  if (orFile !== true && values[name] === undefined && values[`${name}_FILE`] !== undefined)
    return `${name}_FILE is set, which the program does not know`;
  const value = readValue(values, name);
  if (value === undefined) return optional === true ? undefined : `${name} is not set`;
  return new RegExp(`^(?:${format})$`, 's').test(value) ? undefined : `${name} does not fit ${format}`;
}

function fileFaults({ files }: Conditions, env: Env): string[] {
  return Object.entries(files ?? {}).flatMap(([path, patterns]) => {
    let text = '';
    try {
      text = readFileSync(filled(path, env), 'utf8');
    } catch (thrown) {
      return [`${path} cannot be read: ${String(thrown)}`];
    }
    return patterns
      .map((pattern) => filled(pattern, env))
      .filter((pattern) => !new RegExp(pattern, 'm').test(text))
      .map((pattern) => `${path} has nothing like ${pattern}`);
  });
}

function isWritable(path: string): boolean {
  try {
    rmdirSync(mkdtempSync(`${path}/.try-`));
    return true;
  } catch {
    return false;
  }
}

function writeFaults({ path, persists }: WriteFact, mountinfo: string): string[] {
  if (!isWritable(path)) return [`${path} cannot be written to by UID ${process.getuid?.()}`];
  if (persists !== true) return [];
  const { point, type } = mountOf(path, mountinfo);
  const isLost = point === '/' || type === 'tmpfs';
  return isLost ? [`${path} is on no mount that outlives the container`] : [];
}

/** The mount that a path lies on (proc(5), mountinfo: the fifth field is the mount point, the one after the dash the type). */
function mountOf(path: string, mountinfo: string): { point: string; type: string } {
  const mounts = mountinfo
    .trim()
    .split('\n')
    .map((line) => {
      const [left = '', right = ''] = line.split(' - ');
      return { point: left.split(' ')[4] ?? '/', type: right.split(' ')[0] ?? '' };
    });
  const around = mounts.filter(
    ({ point }) => point === '/' || path === point || path.startsWith(`${point}/`),
  );
  return around.sort((one, other) => other.point.length - one.point.length)[0] ?? { point: '/', type: '' };
}

/** Numbers of capabilities (linux/capability.h), of those that an image may need. */
const CAPABILITIES: Readonly<Record<string, number>> = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  SYS_ADMIN: 21,
  MKNOD: 27,
};

function rootFaults({ root }: Facts, status: string): string[] {
  if (root === undefined) return [];
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const held = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const missing = root.capabilities.filter((name) => {
    const number = CAPABILITIES[name];
    if (number === undefined) throw new Error(`nothing is known of the capability ${name}`);
    return ((held >> BigInt(number)) & 1n) === 0n;
  });
  return [
    ...(uid === '0' ? [] : [`it has to start as root, and runs as UID ${uid}`]),
    ...missing.map((name) => `it has no capability ${name}`),
  ];
}
