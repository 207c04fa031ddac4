import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type CredentialsOptions, credentials } from '../../src/commands/ops/credentials.ts';
import { type RotateOptions, rotate } from '../../src/commands/ops/rotate.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';

type Work = (context: Context) => Promise<void>;

const credentialsOf =
  (options: CredentialsOptions = {}): Work =>
  (context) =>
    credentials(context, { tenant: TENANT, ...options });

const rotateOf =
  (key: string, options: RotateOptions = {}): Work =>
  (context) =>
    rotate(context, key, { tenant: TENANT, ...options });

const secretOf = (host: FakeHost, key: string): string =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(host.files.text(ENV_PATH) ?? '')?.[1] ?? '';

/** A stack with PostgreSQL; whatever is drawn from now on is new. */
async function withPostgres(): Promise<FakeHost> {
  const host = freshMachine();
  await succeed(host, setupOf({ services: ['caddy', 'n8n', 'valkey'], vectorDb: 'pgvector' }));
  await succeed(host, deployOf());
  host.seed = 'later';
  return host;
}

const passwordInData = ({ docker }: FakeHost): string | undefined =>
  docker.containers.passwords.get(`${BASE_DIR}/data/postgres`);

const fileInside = ({ docker }: FakeHost, container: string, path: string): string | undefined =>
  docker.containers.named(container)?.loaded.get(path);

describe('credentials', () => {
  it('are a table of what a tenant needs in order to use the services', async () => {
    const host = await withPostgres();
    const { exit, out } = await runCommand(host, credentialsOf());
    expect(exit).toBe(0);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toContainEqual(['n8n', 'address', 'https://n8n.tenant-1001.datasquiz.net:5043']);
    expect(rows).toContainEqual(['postgres', 'address in the network', 'postgres:5432']);
    expect(rows).toContainEqual(['postgres', 'database', 'tenant_1001']);
    expect(rows).toContainEqual(['postgres', 'password', secretOf(host, 'POSTGRES_PASSWORD')]);
    expect(rows).toContainEqual(['valkey', 'password', secretOf(host, 'VALKEY_PASSWORD')]);
    expect(rows.some(([service]) => service === 'flowise')).toBe(false);
  });

  it('of one service are its own alone, and the audit log names what was seen', async () => {
    const host = await withPostgres();
    const { out } = await runCommand(host, credentialsOf({ service: 'valkey' }), { json: true });
    const shown = JSON.parse(out) as { credentials: { service: string; value: string }[] };
    expect(new Set(shown.credentials.map(({ service }) => service))).toEqual(new Set(['valkey']));
    expect(host.journal.entries.at(-1)).toMatchObject({ subject: TENANT, showed: ['VALKEY_PASSWORD'] });
    expect(host.journal.lines.join()).not.toContain(secretOf(host, 'VALKEY_PASSWORD'));
  });

  it('without a secret among them leave no line', async () => {
    const host = await withPostgres();
    const before = host.journal.lines.length;
    await succeed(host, credentialsOf({ service: 'caddy' }));
    expect(host.journal.lines).toHaveLength(before);
  });

  it('are not shown when no line can tell of it: exit 3', async () => {
    const host = await withPostgres();
    for (const isFull of ['known', 'meanwhile'] as const) {
      host.journal.isFull = isFull;
      const { exit, out } = await runCommand(host, credentialsOf());
      expect([exit === 0, out]).toEqual([false, '']);
    }
  });

  it('never show a key of a provider', async () => {
    const host = await withPostgres();
    editEnv(host, { OPENAI_API_KEY: 'sk-pasted-by-the-tenant' });
    expect((await runCommand(host, credentialsOf())).out).not.toContain('sk-pasted');
  });

  it('are there before the first deploy, and without an engine', async () => {
    const host = await setUpMachine();
    host.docker.link.isAway = true;
    expect((await succeed(host, credentialsOf())).out).toContain(secretOf(host, 'VALKEY_PASSWORD'));
  });

  it.each([
    ['of a service that the tenant has not', credentialsOf({ service: 'postgres' }), 'has no service'],
    ['with --dry-run', credentialsOf({ dryRun: true }), '--rotate'],
  ])('%s are refused: exit 2', async (_what, work, word) => {
    const { exit, err } = await runCommand(await deployedMachine(), work);
    expect([exit, err]).toEqual([2, expect.stringContaining(word)]);
  });

  it('are for root alone', async () => {
    const { exit, out } = await runCommand(await deployedMachine(), credentialsOf(), { uid: 1001 });
    expect([exit, out]).toEqual([3, '']);
  });
});

describe('a rotation', () => {
  it('of the password of PostgreSQL reaches the .env, the container and the data', async () => {
    const host = await withPostgres();
    const old = secretOf(host, 'POSTGRES_PASSWORD');
    const { out, err } = await succeed(host, rotateOf('POSTGRES_PASSWORD'));
    const now = secretOf(host, 'POSTGRES_PASSWORD');
    expect(now).not.toBe(old);
    expect(fileInside(host, 'tenant-1001-postgres', '/run/secrets/POSTGRES_PASSWORD')).toBe(now);
    expect(passwordInData(host)).toBe(now);
    for (const value of [old, now]) expect(out + err).not.toContain(value);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('of the password of Valkey replaces that container and no other', async () => {
    const host = await withPostgres();
    const { changes, out } = await succeed(host, rotateOf('VALKEY_PASSWORD'));
    const now = secretOf(host, 'VALKEY_PASSWORD');
    expect(fileInside(host, 'tenant-1001-valkey', '/etc/valkey/valkey.conf')).toContain(`requirepass ${now}`);
    const created = changes.filter((change) => change.startsWith('create '));
    expect(created).toEqual(['create tenant-1001-valkey']);
    expect(out).toContain('VALKEY_PASSWORD has a new value, and valkey took it over.');
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('of a secret that nothing uses changes the .env alone', async () => {
    const host = await withPostgres();
    const { changes, out } = await succeed(host, rotateOf('OPENCLAW_GATEWAY_TOKEN'));
    expect(changes).toEqual([`write ${ENV_PATH}`]);
    expect(out).toContain('nothing that runs uses it');
  });

  it('of a tenant that was never deployed starts nothing', async () => {
    const host = await setUpMachine();
    host.seed = 'later';
    expect((await succeed(host, rotateOf('VALKEY_PASSWORD'))).changes).toEqual([`write ${ENV_PATH}`]);
  });

  it('leaves one line in the audit log', async () => {
    const host = await withPostgres();
    const before = host.journal.lines.length;
    await succeed(host, rotateOf('VALKEY_PASSWORD'));
    expect(host.journal.entries.slice(before)).toEqual([expect.objectContaining({ outcome: 'done' })]);
  });

  it('with --dry-run shows its steps and changes nothing', async () => {
    const host = await withPostgres();
    const { changes, out } = await succeed(host, rotateOf('POSTGRES_PASSWORD', { dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/write file +\S+\/\.env +new value: POSTGRES_PASSWORD/);
    expect(out).toMatch(/align data +tenant-1001-postgres +its data remembers a secret/);
  });

  it.each([
    ['N8N_ENCRYPTION_KEY', "It is the key of n8n's data in /mnt/data-tenant-1001/data/n8n"],
    ['VALKEY_PASWORD', 'Did you mean VALKEY_PASSWORD?'],
    ['OPENAI_API_KEY', 'changed in /mnt/data-tenant-1001/config/.env'],
  ])('of %s is refused with the reason: exit 2', async (key, word) => {
    const { exit, changes, err } = await runCommand(await withPostgres(), rotateOf(key));
    expect([exit, changes, err]).toEqual([2, [], expect.stringContaining(word)]);
  });

  it('waits for another command on the tenant, or says that it is busy: exit 5', async () => {
    const host = await withPostgres();
    host.locks.forget = () => undefined;
    const holder = { pid: 77, command: 'aiplat deploy', user: '0', since: '' };
    host.locks.held.set('/run/aiplat/locks/tenant-1001.lock', holder);
    expect((await runCommand(host, rotateOf('VALKEY_PASSWORD'))).exit).toBe(5);
  });

  it('whose program refuses the new value says so, and the next deploy tries again', async () => {
    const host = await withPostgres();
    host.docker.containers.refusesNewPassword = true;
    const { exit, err } = await runCommand(host, rotateOf('POSTGRES_PASSWORD'));
    expect([exit, err]).toEqual([1, expect.stringContaining('did not take over its secret')]);
    host.docker.containers.refusesNewPassword = false;
    await succeed(host, deployOf());
    expect(passwordInData(host)).toBe(secretOf(host, 'POSTGRES_PASSWORD'));
  });

  it.each<[Moment, string, () => Work]>([
    ['before', 'a deploy', () => deployOf()],
    ['after', 'a deploy', () => deployOf()],
    ['before', 'the same command', () => rotateOf('POSTGRES_PASSWORD')],
    ['after', 'the same command', () => rotateOf('POSTGRES_PASSWORD')],
  ])('that is killed right %s any of its changes is ended by %s', async (moment, _what, next) => {
    for (let n = 1, survived = false; !survived; n++) {
      const host = await withPostgres();
      host.startProcess();
      host.killAt(n, moment);
      survived = (await goOn(host, rotateOf('POSTGRES_PASSWORD'))).exit === 0;
      host.seed = 'another process';
      await succeed(host, next());
      const now = secretOf(host, 'POSTGRES_PASSWORD');
      expect([n, passwordInData(host)]).toEqual([n, now]);
      expect(fileInside(host, 'tenant-1001-postgres', '/run/secrets/POSTGRES_PASSWORD')).toBe(now);
      expect([n, (await succeed(host, deployOf())).changes]).toEqual([n, []]);
    }
  });
});

describe('a deploy of data that remembers another password', () => {
  it('brings it in line, before what needs it starts', async () => {
    const host = await withPostgres();
    editEnv(host, { POSTGRES_PASSWORD: 'written-by-hand' });
    await succeed(host, deployOf());
    expect(passwordInData(host)).toBe('written-by-hand');
  });

  it('does it for a container that somebody removed', async () => {
    const host = await withPostgres();
    const { containers } = host.docker;
    containers.all = containers.all.filter(({ name }) => name !== 'tenant-1001-postgres');
    containers.passwords.set(`${BASE_DIR}/data/postgres`, 'from-a-backup');
    await succeed(host, deployOf());
    expect(passwordInData(host)).toBe(secretOf(host, 'POSTGRES_PASSWORD'));
  });

  it('does it without waiting for the others when nobody wants to wait', async () => {
    const host = await withPostgres();
    editEnv(host, { POSTGRES_PASSWORD: 'written-by-hand' });
    await succeed(host, deployOf({ wait: false }));
    expect(passwordInData(host)).toBe('written-by-hand');
  });
});
