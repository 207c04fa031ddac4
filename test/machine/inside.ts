import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** So slow an emulated machine is that a person wants to see what it is at. */
const SLOW_MS = 5000;

export function run(program: string, args: readonly string[], input = ''): Ended {
  const begin = Date.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    input,
    timeout: 900_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const took = Date.now() - begin;
  if (took > SLOW_MS) {
    const words = [program, ...args].join(' ').slice(0, 100);
    appendFileSync('/dev/ttyS0', `… ${words}: ${Math.round(took / 1000)} s\n`);
  }
  return { code: status ?? 255, out: stdout ?? '', err: (stderr ?? '') + (error?.message ?? '') };
}

/** A line of shell, as root. */
export const sh = (line: string): Ended => run('sh', ['-c', line]);

/** A line of shell as another user of the machine, with nothing but that user's own. */
export const as = (user: string, line: string): Ended =>
  run('setpriv', [
    ...['--reuid', user, '--regid', user, '--init-groups', '--reset-env', '--no-new-privs'],
    ...['sh', '-c', line],
  ]);

/** As `as`, but able to use programs that change the user, as a real login is. */
export const login = (user: string, line: string): Ended => run('su', ['-', user, '-c', line]);

export const aiplat = (...args: string[]): Ended => run('/usr/local/bin/aiplat', args);

/** The same, with both texts in the error when it does not end with 0. */
export function mustAiplat(...args: string[]): string {
  const { code, out, err } = aiplat(...args);
  if (code !== 0) throw notDone(args, code, out + err);
  return out;
}

/** Several calls of aiplat at the same moment, as a host with many tenants has them. */
export async function mustAiplatTogether(...calls: readonly (readonly string[])[]): Promise<void> {
  const endings = calls.map(async (args) => {
    const child = spawn('/usr/local/bin/aiplat', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [words] = await Promise.all([
      Promise.all([text(child.stdout), text(child.stderr)]),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    if (child.exitCode !== 0) throw notDone(args, child.exitCode, words.join(''));
  });
  await Promise.all(endings);
}

/** Whoever watches the console sees at once what the report says at the end. */
function notDone(args: readonly string[], code: number | null, words: string): Error {
  const text = `aiplat ${args.join(' ')} ended with ${code}\n${words}`;
  appendFileSync('/dev/ttyS0', `${text}\n`);
  return new Error(text);
}

export const docker = (...args: string[]): Ended => run('docker', args);

/** A line of shell inside a container. */
export const inside = (container: string, line: string, user?: string): Ended =>
  docker('exec', ...(user === undefined ? [] : ['--user', user]), container, 'sh', '-c', line);

export function must({ code, out, err }: Ended): string {
  if (code !== 0) throw new Error(`ended with ${code}\n${out}\n${err}`);
  return out;
}

export async function until(what: string, seconds: number, isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; ) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

const VOLUMES = { 'tenant-1001': 'vol0123456789abcdef0', 'tenant-1002': 'vol0fedcba9876543210' } as const;

export const serialOf = (tenant: keyof typeof VOLUMES): string => VOLUMES[tenant];

/** A host config for images that this host has, and a volume for each tenant, which setup finds and mounts. */
export function prepareHost(config: object = {}): void {
  mkdirSync('/etc/aiplat/tenants', { recursive: true });
  writeFileSync('/etc/aiplat/config.json', JSON.stringify({ images: 'embedded', ...config }));
  for (const [tenant, volume] of Object.entries(VOLUMES)) {
    // Once admitted, a tenant's record says more than that.
    if (!existsSync(recordOf(tenant))) record(tenant, { volume });
  }
}

const recordOf = (tenant: string): string => `/etc/aiplat/tenants/${tenant}.json`;

/** What the admin decided about a tenant. */
export const record = (tenant: string, decided: object): void =>
  writeFileSync(recordOf(tenant), JSON.stringify(decided), { mode: 0o600 });

/** The block device of a volume, by the serial that its maker gave it. */
export function deviceOf(serial: string): string {
  for (const name of ['nvme0', 'nvme1', 'nvme2']) {
    const path = `/sys/class/nvme/${name}/serial`;
    if (existsSync(path) && readFileSync(path, 'utf8').trim() === serial) return `/dev/${name}n1`;
  }
  throw new Error(`no disk has the serial ${serial}`);
}

/** Lines of the kernel log about refusals of AppArmor. */
export const denials = (): string[] =>
  sh('dmesg')
    .out.split('\n')
    .filter((line) => line.includes('apparmor="DENIED"'));

export const pidOf = (container: string): number =>
  Number(must(docker('inspect', '--format', '{{.State.Pid}}', container)).trim());

export const labelOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/attr/current`, 'utf8').replace(/\0/g, '').trim();

export const imageOf = (container: string): string =>
  must(docker('inspect', '--format', '{{.Config.Image}}', container)).trim();

export const addressOf = (container: string): string =>
  must(
    docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container),
  ).trim();

/** A line of evidence for people: it goes to the console and to the file of figures. */
export function figure(text: string): void {
  appendFileSync('/var/lib/aiplat-tests/figures.md', `${text}\n`);
  appendFileSync('/dev/ttyS0', `${text}\n`);
}
