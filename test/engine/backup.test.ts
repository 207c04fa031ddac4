import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf, docker, type Installation, install, sweep } from './aiplat.ts';

const TENANT = 'tenant-1040';
const POSTGRES = `${TENANT}-postgres`;
const VALKEY = `${TENANT}-valkey`;
const CHROMA = `${TENANT}-chroma`;

let here: Installation;
let vault: string;

beforeAll(async () => {
  vault = await mkdtemp(join(tmpdir(), 'aiplat-vault-'));
  here = await install(undefined, { backup: { repository: vault } });
  await here.aiplat('setup', '--tenant', TENANT, '--services', 'valkey,chroma', '--vector-db', 'pgvector');
  const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
  expect(exitCode, stderr).toBe(0);
  await fill();
});

afterAll(async () => {
  await sweep(here, [TENANT]);
  await rm(vault, { recursive: true, force: true });
});

const ops = (...args: string[]) => here.aiplat('ops', ...args, '--tenant', TENANT);
const restore = (...args: string[]) => ops('restore', ...args, '--confirm', TENANT);
const dataDir = (): string => join(here.dir, `mnt/data-${TENANT}/data`);

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

const psql = (sql: string): Promise<string> =>
  inside(POSTGRES, 'psql', '-X', '-w', '-q', '-t', '-A', '-U', 'postgres', '-d', 'tenant_1040', '-c', sql);

async function valkey(...command: string[]): Promise<string> {
  const password = /^VALKEY_PASSWORD=(.+)$/m.exec(await here.env(TENANT))?.[1] ?? '';
  return inside(VALKEY, 'valkey-cli', '--no-auth-warning', '-a', password, ...command);
}

const COLLECTIONS =
  'http://127.0.0.1:8000/api/v2/tenants/default_tenant/databases/default_database/collections';

const chroma = async (path: string, body?: object): Promise<string> => {
  const post = body === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
  return (await inside(CHROMA, 'curl', '-fsS', ...post, COLLECTIONS + path)).replace(/^0 /, '');
};

const collectionId = async (): Promise<string> =>
  (JSON.parse(await chroma('')) as { id: string }[]).map(({ id }) => id)[0] ?? '';

async function fill(): Promise<void> {
  await psql(
    "CREATE EXTENSION vector; CREATE TABLE kept AS SELECT n, '[1,2,3]'::vector AS v FROM generate_series(1, 1000) n",
  );
  await psql('CREATE TABLE bulk AS SELECT md5(random()::text) AS noise FROM generate_series(1, 1000000)');
  await psql("CREATE ROLE reader LOGIN PASSWORD 'of-a-reader'");
  expect(await valkey('SET', 'kept', 'yes')).toContain('OK');
  await chroma('', { name: 'kept' });
  const embeddings = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  await chroma(`/${await collectionId()}/add`, { ids: ['x', 'y'], embeddings, documents: ['one', 'two'] });
}

async function expectAllBack(): Promise<void> {
  expect(await psql('SELECT count(*), min(v::text) FROM kept')).toBe('0 1000|[1,2,3]');
  expect(await psql("SELECT rolname FROM pg_roles WHERE rolname = 'reader'")).toBe('0 reader');
  expect(await valkey('GET', 'kept')).toContain('yes');
  const query = { query_embeddings: [[0, 0.9, 0]], n_results: 1 };
  expect(JSON.parse(await chroma(`/${await collectionId()}/query`, query))).toMatchObject({ ids: [['y']] });
}

interface Listed {
  readonly id: string;
  readonly addedBytes: number;
  readonly services: readonly string[];
}

const listed = async (): Promise<Listed[]> =>
  (JSON.parse((await ops('backup', 'list', '--json')).stdout) as { snapshots: Listed[] }).snapshots;

const passwordFile = async (): Promise<string> => {
  const { stdout } = await ops('backup', '--dry-run', '--json');
  const { plan } = JSON.parse(stdout) as { plan: { do: string; target: string }[] };
  return plan.find(({ target }) => target.endsWith('.password'))?.target ?? '';
};

const countRunning = async (): Promise<number> =>
  (await containersOf(TENANT)).filter(({ State }) => State === 'running').length;

describe('a backup', () => {
  let password: string;

  it('is one encrypted snapshot of all services, and the next one adds little', async () => {
    password = await passwordFile();
    const first = await ops('backup');
    expect(first.exitCode, first.stderr).toBe(0);
    const second = await ops('backup');
    expect(second.exitCode, second.stderr).toBe(0);
    const [one, two] = await listed();
    expect(one?.services).toEqual(['chroma', 'postgres', 'valkey']);
    // A dump begins and ends with a random key (pg_dump, --restrict-key), and a piece of restic's has up to 8 MiB.
    expect(two?.addedBytes ?? 0).toBeLessThan((one?.addedBytes ?? 0) / 2);
    expect(await countRunning()).toBe(3);
    expect((await here.aiplat('deploy', '--tenant', TENANT)).stdout).toContain('Nothing to do');
  });

  it('keeps its password to root, and nothing of it beside the data', async () => {
    expect((await stat(password)).mode & 0o777).toBe(0o600);
    expect((await readdir(dataDir())).sort()).toEqual(['chroma', 'postgres', 'valkey']);
    expect(await readdir(join(dataDir(), 'postgres'))).not.toContain('aiplat-dump.sql');
  });

  it('says so when the password is another, and changes nothing', async () => {
    const right = await readFile(password, 'utf8');
    await writeFile(password, 'another\n');
    for (const words of [['backup'], ['backup', 'list'], ['restore', '--dry-run']]) {
      const { exitCode, stderr } = await ops(...words);
      expect(exitCode, stderr).toBe(3);
      expect(stderr).toMatch(/does not open the backups[\s\S]*wrong password[\s\S]*Put the password/);
    }
    await writeFile(password, right);
  });

  it('follows no link out of the data and enters no other file system', async () => {
    await symlink('/etc', join(dataDir(), 'chroma/etc'));
    const other = join(dataDir(), 'chroma/other');
    await mkdir(other);
    await execa('mount', ['-t', 'tmpfs', 'tmpfs', other]);
    await writeFile(join(other, 'file'), '');
    const { exitCode: taken } = await ops('backup').finally(() => execa('umount', [other]));
    expect(taken).toBe(0);
    const drill = await mkdtemp('/root/aiplat-drill-');
    const { exitCode, stderr, stdout } = await ops('restore', '--to', drill);
    expect(exitCode, stderr).toBe(0);
    const back = join(drill, dataDir());
    expect(stdout).toContain(back);
    expect((await lstat(join(back, 'chroma/etc'))).isSymbolicLink()).toBe(true);
    expect(await readdir(join(back, 'chroma/other'))).toEqual([]);
    expect(await readFile(join(back, '.backup/env'), 'utf8')).toBe(await here.env(TENANT));
    expect(await stat(join(back, 'valkey'))).toMatchObject({ uid: 1040, gid: 1040 });
    await rm(drill, { recursive: true });
    await rm(join(dataDir(), 'chroma/etc'));
    await rm(other, { recursive: true });
  });

  it.each([200, 3500, 7500])(
    'that is killed after %i ms leaves the last good one, and the same command ends it',
    async (delayMs) => {
      const before = (await listed()).map(({ id }) => id);
      const running = here.spawn('ops', 'backup', '--tenant', TENANT);
      await sleep(delayMs);
      running.kill('SIGKILL');
      await running.ended;
      expect((await listed()).map(({ id }) => id)).toEqual(expect.arrayContaining(before));
      const { exitCode, stderr } = await ops('backup', '--wait-lock', '10');
      expect(exitCode, stderr).toBe(0);
      expect(await countRunning()).toBe(3);
      await expectAllBack();
    },
  );
});

describe('a restore', () => {
  it('brings rows, keys, vectors and the .env back after all of it was wiped', async () => {
    const foreign = join(dataDir(), 'valkey/foreign');
    await writeFile(foreign, 'of root', { mode: 0o644 });
    expect((await ops('backup')).exitCode).toBe(0);
    const env = await here.env(TENANT);
    await here.aiplat('teardown', '--tenant', TENANT, '--delete-data', '--confirm', TENANT);
    await here.aiplat('setup', '--tenant', TENANT, '--services', 'valkey', '--vector-db', 'chroma');
    expect(await here.env(TENANT)).not.toBe(env);
    const { exitCode, stderr } = await restore();
    expect(exitCode, stderr).toBe(0);
    expect(await here.env(TENANT)).toBe(env);
    const { uid, mode } = await stat(foreign);
    expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    await expectAllBack();
    expect((await readdir(dataDir())).sort()).toEqual(['chroma', 'postgres', 'valkey']);
    expect((await here.aiplat('deploy', '--tenant', TENANT)).stdout).toContain('Nothing to do');
  });

  it('of one service leaves the others as they are', async () => {
    await psql('DROP TABLE kept');
    await valkey('SET', 'later', 'yes');
    const { exitCode, stderr } = await restore('latest', '--service', 'postgres');
    expect(exitCode, stderr).toBe(0);
    await expectAllBack();
    expect(await valkey('GET', 'later')).toContain('yes');
  });

  it.each([1500, 5000])('that is killed after %i ms is ended by the same command', async (delayMs) => {
    await psql('DROP TABLE IF EXISTS kept');
    const running = here.spawn('ops', 'restore', '--tenant', TENANT, '--confirm', TENANT);
    await sleep(delayMs);
    running.kill('SIGKILL');
    await running.ended;
    const { exitCode, stderr } = await restore('latest', '--wait-lock', '10');
    expect(exitCode, stderr).toBe(0);
    await expectAllBack();
    expect((await readdir(dataDir())).sort()).toEqual(['chroma', 'postgres', 'valkey']);
  });
});
