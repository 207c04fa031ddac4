import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf, docker, type Installation, install, sweep } from './aiplat.ts';

const TENANT = 'tenant-1030';
const POSTGRES = `${TENANT}-postgres`;
const VALKEY = `${TENANT}-valkey`;

const MOST_ROTATIONS = 10;

let here: Installation;

beforeAll(async () => {
  here = await install();
  await here.aiplat('setup', '--tenant', TENANT, '--services', 'valkey', '--vector-db', 'pgvector');
  const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
  expect(exitCode, stderr).toBe(0);
});

afterAll(async () => {
  await sweep(here, [TENANT]);
});

const ops = (...args: string[]) => here.aiplat('ops', 'credentials', '--tenant', TENANT, ...args);

const countRunning = async (): Promise<number> =>
  (await containersOf(TENANT)).filter(({ State }) => State === 'running').length;

const secretOf = async (key: string): Promise<string> =>
  new RegExp(`^${key}=(.+)$`, 'm').exec(await here.env(TENANT))?.[1] ?? '';

interface Line {
  readonly outcome: string;
  readonly command: string;
  readonly done?: number;
  readonly steps?: number;
  readonly showed?: readonly string[];
}

const auditPath = (): string => join(here.dir, 'log/audit.log');
const audit = async (): Promise<Line[]> =>
  (await readFile(auditPath(), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** Runs a program in a container and gives back what it said, with the exit code in front. */
async function inside(container: string, ...command: string[]): Promise<string> {
  const execution = await docker
    .getContainer(container)
    .exec({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await execution.start({ Tty: true, hijack: true, stdin: false });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return `${(await execution.inspect()).ExitCode} ${Buffer.concat(chunks).toString('utf8').trim()}`;
}

/** Command lines and environments of all processes of the machine, as root sees them while something is done. */
async function seenDuring(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let isOver = false;
  const ended = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const files = pids.flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
    for (const text of texts) seen.add(text);
  }
  await ended;
  return seen;
}

/** Through the address of the network, where a password is asked for. */
const psql = (password: string, sql: string): Promise<string> =>
  inside(
    POSTGRES,
    'sh',
    '-c',
    `PGPASSWORD=${password} psql -X -w -q -t -A -h "$HOSTNAME" -U postgres -d tenant_1030 -c "${sql}"`,
  );

const valkey = (password: string, ...command: string[]): Promise<string> =>
  inside(VALKEY, 'valkey-cli', '--no-auth-warning', '-a', password, ...command);

describe('the credentials of a tenant', () => {
  it('are the ones that open its services', async () => {
    const { stdout } = await ops('--json');
    const { credentials } = JSON.parse(stdout) as {
      credentials: { service: string; what: string; value: string }[];
    };
    const password = credentials.find((row) => row.service === 'postgres' && row.what === 'password');
    expect(await psql(password?.value ?? '', 'SELECT 42')).toBe('0 42');
    expect((await audit()).at(-1)).toMatchObject({ showed: ['POSTGRES_PASSWORD', 'VALKEY_PASSWORD'] });
  });
});

describe('a rotation', () => {
  it('of the password of PostgreSQL keeps the data, refuses the old one and takes the new one', async () => {
    const old = await secretOf('POSTGRES_PASSWORD');
    await psql(old, 'CREATE TABLE kept AS SELECT 7 AS seven');
    const { exitCode, stdout, stderr } = await ops('--rotate', 'POSTGRES_PASSWORD');
    expect(exitCode, stderr).toBe(0);
    const now = await secretOf('POSTGRES_PASSWORD');
    expect(now).not.toBe(old);
    expect(stdout + stderr).not.toContain(now);
    expect(await psql(old, 'SELECT seven FROM kept')).toContain('password authentication failed');
    expect(await psql(now, 'SELECT seven FROM kept')).toBe('0 7');
    expect((await here.aiplat('deploy', '--tenant', TENANT)).stdout).toContain('Nothing to do');
  });

  it('of the password of Valkey does the same', async () => {
    const old = await secretOf('VALKEY_PASSWORD');
    expect(await valkey(old, 'SET', 'kept', 'yes')).toContain('OK');
    const { exitCode, stderr } = await ops('--rotate', 'VALKEY_PASSWORD');
    expect(exitCode, stderr).toBe(0);
    expect(await valkey(old, 'GET', 'kept')).toMatch(/WRONGPASS|NOAUTH/);
    expect(await valkey(await secretOf('VALKEY_PASSWORD'), 'GET', 'kept')).toContain('yes');
  });

  it.each([100, 700, 1500, 3000])('that is killed after %i ms is ended by a deploy', async (delayMs) => {
    const running = here.spawn('ops', 'credentials', '--tenant', TENANT, '--rotate', 'POSTGRES_PASSWORD');
    await sleep(delayMs);
    running.kill('SIGKILL');
    await running.ended;
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--wait-lock', '10');
    expect(exitCode, stderr).toBe(0);
    expect(await psql(await secretOf('POSTGRES_PASSWORD'), 'SELECT seven FROM kept')).toBe('0 7');
  });

  it('is in the data also when the tenant wrote the new password into the .env', async () => {
    await here.editEnv(TENANT, (text) =>
      text.replace(/^POSTGRES_PASSWORD=.*$/m, 'POSTGRES_PASSWORD=by-hand-1'),
    );
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
    expect(exitCode, stderr).toBe(0);
    expect(await psql('by-hand-1', 'SELECT seven FROM kept')).toBe('0 7');
  });

  it('leaves the password in no log, no setting of a container, no command line and no environment', async () => {
    const seen = new Set<string>();
    const passwords: string[] = [];
    // The program that is watched for lives for a tenth of a second: a busy machine may look past it.
    const isCaught = (): boolean => [...seen].some((text) => text.includes('ALTER ROLE'));
    for (let round = 0; round < MOST_ROTATIONS && !isCaught(); round++) {
      for (const text of await seenDuring(() => ops('--rotate', 'POSTGRES_PASSWORD'))) seen.add(text);
      passwords.push(await secretOf('POSTGRES_PASSWORD'));
    }
    expect(isCaught()).toBe(true);
    const log = await docker.getContainer(POSTGRES).logs({ stdout: true, stderr: true, follow: false });
    const settings = JSON.stringify(await docker.getContainer(POSTGRES).inspect());
    for (const text of [log.toString(), settings, await readFile(auditPath(), 'utf8'), ...seen])
      for (const password of passwords) expect(text).not.toContain(password);
  });
});

describe('the audit log', () => {
  it('is closed to others', async () => {
    expect((await stat(auditPath())).mode & 0o7777).toBe(0o640);
    expect((await stat(join(here.dir, 'log'))).mode & 0o7777).toBe(0o750);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'tells of a teardown that %s ended in the middle',
    async (signal) => {
      await here.aiplat('deploy', '--tenant', TENANT);
      const before = (await audit()).length;
      const running = here.spawn('teardown', '--tenant', TENANT);
      // PostgreSQL takes a while to stop: the signal comes when something is done, and not all.
      for (let round = 0; round < 200 && (await countRunning()) === 2; round++) await sleep(20);
      running.kill(signal);
      const ended = (await running.ended) as { signal?: string; exitCode?: number };
      expect([ended.signal, ended.exitCode]).toEqual([signal, undefined]);
      const lines = (await audit()).slice(before);
      expect(lines).toEqual([expect.objectContaining({ outcome: 'interrupted' })]);
      expect(lines[0]?.done).toBeLessThan(lines[0]?.steps ?? 0);
    },
  );

  it('that is full keeps a change from beginning: exit 3', async () => {
    const full = join(here.dir, 'full');
    await mkdir(full);
    const run = promisify(execFile);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', full]);
    try {
      const other = await install(here, { logDir: full });
      const { exitCode, stderr } = await other.aiplat('deploy', '--tenant', TENANT);
      await other.remove();
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining('Its disk is full.')]);
    } finally {
      await run('umount', [full]);
    }
  });
});
