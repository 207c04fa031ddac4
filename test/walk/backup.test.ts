import { describe, expect, it } from 'vitest';
import { listBackups } from '../../src/commands/ops/backup-list.ts';
import {
  backupOf,
  DATA,
  dataMachine,
  dataText,
  PASSWORD_FILE,
  PLACE,
  putData,
  resticOf,
  restoreOf,
  snapshotsOn,
  spoiltMachine,
} from '../fake/backups.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployOf, ENV_PATH, editEnv, RECORD_PATH, succeed, TENANT } from '../fake/machines.ts';
import { CONFIG_PATH, goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const listOf = (context: Parameters<typeof listBackups>[0]) => listBackups(context, { tenant: TENANT });
const last = (host: FakeHost) => snapshotsOn(host).at(-1);
const idOf = (host: FakeHost): string => last(host)?.id ?? '';

describe('aiplat ops backup', () => {
  it('takes data, .env, record and what ran as one snapshot', async () => {
    const host = await dataMachine();
    host.files.put(RECORD_PATH, { text: '{"user":"user1001"}' });
    const { out } = await succeed(host, backupOf());
    expect(out).toMatch(/^tenant-1001: snapshot [0-9a-f]{8}, 2 MiB added\.$/m);
    const { tree, paths, tags } = last(host) ?? { tree: new Map(), paths: [], tags: [] };
    expect(tags).toEqual(['complete', `added=${2 * 1024 * 1024}`]);
    expect(paths).toEqual([
      `${DATA}/.backup`,
      `${DATA}/caddy`,
      `${DATA}/caddy-config`,
      `${DATA}/n8n`,
      `${DATA}/postgres/aiplat-dump.sql`,
      `${DATA}/valkey`,
    ]);
    expect(tree.get(`${DATA}/.backup/env`)?.text).toBe(host.files.text(ENV_PATH));
    expect(tree.get(`${DATA}/.backup/record.json`)?.text).toBe('{"user":"user1001"}');
    expect(tree.get(`${DATA}/postgres/aiplat-dump.sql`)?.text).toBe('rows');
    const manifest = JSON.parse(tree.get(`${DATA}/.backup/manifest.json`)?.text ?? '');
    expect(manifest.images.n8n).toMatch(/n8n/);
  });

  it('reads all while everything runs, and then with those stopped that have to be', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    const [ahead, taken] = resticOf(host).running;
    expect(ahead).toHaveLength(5);
    expect(taken).toEqual(['caddy-tenant-1001', 'tenant-1001-postgres', 'tenant-1001-prometheus']);
    for (const { state } of host.docker.containers.all) expect(state).toBe('running');
    expect(snapshotsOn(host)).toHaveLength(1);
  });

  it('leaves nothing behind but the password, which is root’s alone and stays the same', async () => {
    const host = await dataMachine();
    const before = snapshot(host) as { files: object };
    await succeed(host, backupOf());
    const password = host.files.tree.get(PASSWORD_FILE);
    expect(password).toMatchObject({ uid: 0, mode: 0o600, text: expect.stringMatching(/^\S{43}\n$/) });
    const after = snapshot(host) as { files: Record<string, unknown> };
    const isNew = (path: string): boolean => !(path in before.files);
    expect(Object.keys(after.files).filter(isNew)).toEqual(['/etc/aiplat/backup', PASSWORD_FILE]);
    await succeed(host, backupOf());
    expect(host.files.tree.get(PASSWORD_FILE)).toEqual(password);
    expect(snapshotsOn(host)).toHaveLength(2);
  });

  it('has no secret on any command line and in nothing that it says', async () => {
    const host = await dataMachine();
    const { out, err } = await succeed(host, backupOf());
    const password = host.files.text(PASSWORD_FILE)?.trim() ?? '';
    const said = [out, err, ...host.journal.lines, ...resticOf(host).calls.flat()].join('\n');
    expect(password).toHaveLength(43);
    expect(said).not.toContain(password);
  });

  it('shows with --dry-run what would be done and why, and changes nothing', async () => {
    const host = await dataMachine();
    const { out, changes } = await succeed(host, backupOf({ dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/write dump +tenant-1001-postgres +a copy of one moment, while it runs/);
    expect(out).toMatch(/take snapshot .*then n8n, valkey stop for what changed since/);
    expect(out).toMatch(/forget snapshots .*7 daily, 4 weekly, 6 monthly stay/);
  });

  it('forgets old snapshots when a new one is whole, and what was left unfinished', async () => {
    const host = await dataMachine({ backup: { repository: '/var/backups/aiplat', keepDaily: 2 } });
    for (let day = 0; day < 4; day++) {
      await succeed(host, backupOf());
      await host.clock.elapse(86_400_000);
    }
    expect(snapshotsOn(host)).toHaveLength(2);
  });

  it('that cannot read all keeps the snapshots that were whole, and the services up', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    const good = idOf(host);
    resticOf(host).unreadable.add(`${DATA}/n8n/database.sqlite`);
    const { exit, err } = await runCommand(host, backupOf());
    expect(exit).toBe(1);
    expect(err).toMatch(/Some files could not be read[\s\S]*Snapshots that were whole are still there/);
    for (const { state } of host.docker.containers.all) expect(state).toBe('running');
    expect((await succeed(host, listOf)).out).toContain(good.slice(0, 8));
    resticOf(host).unreadable.clear();
    await succeed(host, backupOf());
    expect(snapshotsOn(host).every(({ tags }) => tags.includes('complete'))).toBe(true);
  });

  it('takes a tenant with a service that is ill, and does not wait for it', async () => {
    const host = await dataMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'never healthy', log: 'broken' });
    const n8n = host.docker.containers.named('tenant-1001-n8n');
    if (n8n !== undefined) n8n.behaviour = { kind: 'never healthy', log: 'broken' };
    await host.clock.elapse(1_000_000);
    await succeed(host, backupOf());
    expect(last(host)?.tags).toContain('complete');
  });

  it('is complete also when a service does not come up after it, which it says', async () => {
    const host = await dataMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
    const { exit, err } = await runCommand(host, backupOf());
    expect(exit).toBe(4);
    expect(err).toContain('tenant-1001-n8n');
    expect(last(host)?.tags).toContain('complete');
  });

  it('goes on over the lock of a restic that was killed', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    const repository = resticOf(host).repositories.get(PLACE);
    if (repository !== undefined) repository.isLocked = true;
    await succeed(host, backupOf());
    expect(snapshotsOn(host)).toHaveLength(2);
  });

  it('that is killed leaves a stack that a plain deploy starts again, and never a half snapshot in the list', async () => {
    for (let n = 1, survived = false; !survived; n++) {
      const host = await dataMachine();
      await succeed(host, backupOf());
      const good = idOf(host);
      host.startProcess();
      host.killAt(n, 'after');
      survived = (await goOn(host, backupOf())).exit === 0;
      await succeed(host, deployOf());
      for (const { state } of host.docker.containers.all) expect([n, state]).toEqual([n, 'running']);
      const { out } = await runCommand(host, listOf, { json: true });
      const listed = JSON.parse(out).snapshots.map(({ id }: { id: string }) => id);
      const complete = snapshotsOn(host).filter(({ tags }) => tags.includes('complete'));
      expect(listed).toEqual(complete.map(({ id }) => id));
      expect(listed).toContain(good);
    }
  });

  it('takes the files of a database that is switched off, which nobody writes', async () => {
    const host = await dataMachine();
    editEnv(host, { VECTOR_DB: 'chroma' });
    await succeed(host, deployOf({ confirm: TENANT }));
    await succeed(host, backupOf());
    expect(last(host)?.paths).toContain(`${DATA}/postgres`);
  });

  it('of all tenants does it for each, and on a host without a place for backups nothing', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf({ all: true }));
    expect(snapshotsOn(host)).toHaveLength(1);
    host.files.put(CONFIG_PATH, { text: '{}' });
    expect(await succeed(host, backupOf({ all: true }))).toMatchObject({ out: '', err: '', changes: [] });
  });

  it('is refused to others than root, and where there is no place for it', async () => {
    const host = await dataMachine();
    expect(await runCommand(host, backupOf(), { uid: 1001 })).toMatchObject({ exit: 3, changes: [] });
    host.files.put(CONFIG_PATH, { text: '{}' });
    const { exit, err } = await runCommand(host, backupOf());
    expect(exit).toBe(3);
    expect(err).toMatch(/no place for backups[\s\S]*"repository": "\/var\/backups\/aiplat"/);
  });

  it('says what to install where restic is not, before anything is made', async () => {
    const host = await dataMachine();
    host.commands.programs.delete('restic');
    for (const work of [backupOf(), restoreOf(), listOf]) {
      const { exit, err, changes } = await runCommand(host, work);
      expect([exit, changes]).toEqual([3, []]);
      expect(err).toMatch(/apt-get install restic/);
    }
  });

  it('says what to do when the password is another', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    host.files.put(PASSWORD_FILE, { text: 'another\n', mode: 0o600 });
    for (const work of [backupOf(), restoreOf(), listOf]) {
      const { exit, err, changes } = await runCommand(host, work);
      expect([exit, changes]).toEqual([3, []]);
      expect(err).toMatch(/does not open the backups[\s\S]*wrong password[\s\S]*Put the password/);
    }
  });

  it('never makes a new repository over one whose password is lost', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    host.files.tree.delete(PASSWORD_FILE);
    const { exit, err } = await runCommand(host, backupOf());
    expect(exit).toBe(1);
    expect(err).toMatch(/does not open the backups/);
    expect(snapshotsOn(host)).toHaveLength(1);
  });

  it.each([
    ['is not there', undefined],
    ['is open to others', { text: 'AWS_ACCESS_KEY_ID=x', mode: 0o644 }],
    ['is somebody else’s', { text: 'AWS_ACCESS_KEY_ID=x', mode: 0o600, uid: 1001 }],
  ])('takes no keys from a file that %s', async (_what, node) => {
    const environmentFile = '/etc/aiplat/backup.env';
    const host = await dataMachine({ backup: { repository: 's3:s3.example.org/b', environmentFile } });
    host.files.put('/etc/aiplat/backup');
    host.files.put(PASSWORD_FILE, { text: 'x', mode: 0o600 });
    if (node !== undefined) host.files.put(environmentFile, node);
    const { exit, err } = await runCommand(host, backupOf());
    expect(exit).toBe(3);
    expect(err).toMatch(/chown root \/etc\/aiplat\/backup\.env && chmod 600/);
  });
});

describe('aiplat ops backup list', () => {
  it('shows when, of which services and how much', async () => {
    const host = await dataMachine();
    await succeed(host, backupOf());
    const { out } = await succeed(host, listOf);
    expect(out).toMatch(/^id +when +services +added$/m);
    expect(out).toMatch(/^[0-9a-f]{8} {2}2027-01-01 00:\d\d UTC {2}caddy, n8n, postgres, valkey +2 MiB$/m);
  });

  it('says that there are none yet', async () => {
    const host = await dataMachine();
    const { exit, err } = await runCommand(host, listOf);
    expect(exit).toBe(3);
    expect(err).toMatch(/no backup was made on this host yet/);
  });
});

describe('aiplat ops restore', () => {
  const isRestored = (host: FakeHost): void => {
    expect(dataText(host, 'n8n/database.sqlite')).toBe('flows');
    expect(dataText(host, 'n8n/later')).toBeUndefined();
    expect(dataText(host, 'postgres/18/docker/rows')).toBe('rows');
    expect(dataText(host, 'valkey/appendonlydir/log')).toBe('keys');
  };

  it('brings data, databases and the .env back, and the stack up with them', async () => {
    const host = await spoiltMachine();
    const env = host.files.text(ENV_PATH);
    editEnv(host, { VALKEY_PASSWORD: 'rotated-since-then', OPENAI_API_KEY: 'sk-new' });
    await succeed(host, deployOf());
    const { out } = await succeed(host, restoreOf());
    expect(out).toMatch(/tenant-1001 is as in the snapshot [0-9a-f]{8} of .* UTC, and healthy\./);
    isRestored(host);
    expect(host.files.text(ENV_PATH)).toBe(env);
    expect(host.files.below(DATA).filter((path) => /\.restoring|\.before-restore|dump/.test(path))).toEqual(
      [],
    );
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('gives directories back to those whose they are', async () => {
    const host = await spoiltMachine();
    await succeed(host, restoreOf());
    expect(host.files.tree.get(`${DATA}/n8n`)).toMatchObject({ uid: 1001, gid: 1001, mode: 0o700 });
    expect(host.files.tree.get(`${DATA}/postgres`)).toMatchObject({ uid: 1001, mode: 0o700 });
  });

  it('keeps a file that is somebody else’s closed to the tenant', async () => {
    const host = await dataMachine();
    host.files.put(`${DATA}/n8n/swapped`, { text: 'of tenant-1002', uid: 1002, gid: 1002, mode: 0o644 });
    await succeed(host, backupOf());
    await succeed(host, restoreOf());
    expect(host.files.tree.get(`${DATA}/n8n/swapped`)).toMatchObject({ uid: 1002, mode: 0o600 });
    expect(host.files.tree.get(`${DATA}/n8n/database.sqlite`)).toMatchObject({ uid: 1001, mode: 0o600 });
  });

  it('of one service leaves the others, and the .env but for the key of its data', async () => {
    const host = await spoiltMachine();
    editEnv(host, { N8N_ENCRYPTION_KEY: 'of-a-setup-since-then', OPENAI_API_KEY: 'sk-new' });
    const key = /^N8N_ENCRYPTION_KEY=.*$/m;
    const old = key.exec(last(host)?.tree.get(`${DATA}/.backup/env`)?.text ?? '')?.[0];
    await succeed(host, restoreOf('latest', { service: 'n8n' }));
    expect(dataText(host, 'n8n/database.sqlite')).toBe('flows');
    expect(dataText(host, 'postgres/18/docker/rows')).toBe('spoilt');
    expect(key.exec(host.files.text(ENV_PATH) ?? '')?.[0]).toBe(old);
    expect(host.files.text(ENV_PATH)).toContain('OPENAI_API_KEY=sk-new');
  });

  it('works on a host that was set up anew, with the password and the repository alone', async () => {
    const lost = await spoiltMachine();
    const host = await dataMachine({}, 'another host');
    expect(host.files.text(ENV_PATH)).not.toBe(lost.files.text(ENV_PATH));
    const repositories = resticOf(host).repositories;
    for (const [place, repository] of resticOf(lost).repositories) repositories.set(place, repository);
    host.files.put(PASSWORD_FILE, { text: lost.files.text(PASSWORD_FILE) ?? '', mode: 0o600 });
    putData(host, 'n8n/database.sqlite', 'empty');
    await succeed(host, restoreOf());
    isRestored(host);
    expect(host.files.text(ENV_PATH)).toBe(lost.files.text(ENV_PATH));
  });

  it('keeps what stepped aside, old .env included, when what came back is not healthy', async () => {
    const host = await spoiltMachine();
    editEnv(host, { OPENAI_API_KEY: 'sk-new' });
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
    const { exit } = await runCommand(host, restoreOf());
    expect(exit).toBe(4);
    const aside = host.files.below(DATA).filter((path) => /\.before-restore-\w+\.n8n\/later$/.test(path));
    expect(aside).toHaveLength(1);
    const envs = host.files.below(`${DATA}/../config`.replace('/data/..', ''));
    expect(envs.filter((path) => /\.before-restore-\w+\.env$/.test(path))).toHaveLength(1);
    const refused = await runCommand(host, backupOf());
    expect(refused.exit).toBe(3);
    expect(refused.err).toMatch(/a restore was interrupted/);
    host.docker.containers.behaviours.clear();
    await succeed(host, restoreOf());
    isRestored(host);
    expect(host.files.below('/mnt').filter((path) => path.includes('before-restore'))).toEqual([]);
  });

  it('never loses what was there before it, whenever it is killed', async () => {
    for (let n = 1, survived = false; !survived; n++) {
      const host = await spoiltMachine();
      host.startProcess();
      host.killAt(n, 'after');
      survived = (await goOn(host, restoreOf())).exit === 0;
      const texts = host.files.below(DATA).map((path) => host.files.text(path));
      expect([n, texts.includes('came later') || dataText(host, 'n8n/database.sqlite') === 'flows']).toEqual([
        n,
        true,
      ]);
    }
  });

  it('shows with --dry-run what would be done, and changes nothing', async () => {
    const host = await spoiltMachine();
    const { out, changes } = await succeed(host, restoreOf('latest', { dryRun: true }));
    expect(changes).toEqual([]);
    for (const words of ['restore files', 'remove container', 'move', 'load dump'])
      expect(out).toContain(words);
  });

  it('has to be confirmed by the name of the tenant', async () => {
    const host = await spoiltMachine();
    const unconfirmed = await runCommand(host, async (context) => {
      const { restore } = await import('../../src/commands/ops/restore.ts');
      return restore(context, 'latest', { tenant: TENANT });
    });
    expect([unconfirmed.exit, unconfirmed.changes]).toEqual([2, []]);
    const wrong = await runCommand(host, restoreOf('latest', { confirm: 'tenant-1002' }));
    expect([wrong.exit, wrong.changes]).toEqual([2, []]);
  });

  it.each([
    ['a snapshot that is not there', restoreOf('ffffffff'), /no snapshot "ffffffff"[\s\S]*backup list/],
    ['a service that it has not', restoreOf('latest', { service: 'chroma' }), /nothing of "chroma"/],
  ])('refuses %s', async (_what, work, words) => {
    const host = await spoiltMachine();
    const { exit, err, changes } = await runCommand(host, work);
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(words);
  });

  it('refuses a copy whose program is switched off', async () => {
    const host = await spoiltMachine();
    editEnv(host, { VECTOR_DB: 'chroma' });
    const { exit, err } = await runCommand(host, restoreOf('latest', { service: 'postgres' }));
    expect(exit).toBe(2);
    expect(err).toMatch(/is switched off/);
  });

  it('with --to brings files alone, and starts and stops nothing', async () => {
    const host = await spoiltMachine();
    host.files.put('/root/drill', { mode: 0o700 });
    const { changes } = await succeed(host, restoreOf('latest', { to: '/root/drill' }));
    expect(changes).toEqual([expect.stringMatching(/^run restic .* restore /)]);
    expect(host.files.text(`/root/drill${DATA}/n8n/database.sqlite`)).toBe('flows');
    expect(dataText(host, 'n8n/database.sqlite')).toBe('spoilt');
  });

  it.each([
    ['that is not there', () => undefined],
    ['with something in it', (host: FakeHost) => host.files.put('/root/drill/file', { text: '' })],
    ['of somebody else', (host: FakeHost) => host.files.put('/root/drill', { uid: 1001 })],
    ['that others may write', (host: FakeHost) => host.files.put('/root/drill', { mode: 0o777 })],
  ])('with --to refuses a directory %s', async (_what, prepare) => {
    const host = await spoiltMachine();
    prepare(host);
    const { exit, changes } = await runCommand(host, restoreOf('latest', { to: '/root/drill' }));
    expect([exit, changes]).toEqual([3, []]);
  });

  it('with --to is for admins: a tenant chooses no place where root writes', async () => {
    const host = await spoiltMachine();
    host.files.put('/root/drill', { mode: 0o700 });
    const asTenant = { sudoUid: 1001 };
    const { exit, changes } = await runCommand(host, restoreOf('latest', { to: '/root/drill' }), asTenant);
    expect([exit, changes]).toEqual([2, []]);
  });
});
