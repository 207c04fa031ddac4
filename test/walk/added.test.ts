import { describe, expect, it } from 'vitest';
import { listServices } from '../../src/commands/added/list.ts';
import type { AddOptions, Subject } from '../../src/commands/added/wish.ts';
import type { Context } from '../../src/commands/context.ts';
import { evict } from '../../src/commands/host/evict.ts';
import { status } from '../../src/commands/ops/status.ts';
import { verify } from '../../src/commands/verify.ts';
import { ADDED_PATH, addedMachine, addOf, NOTES, removeOf } from '../fake/added.ts';
import { backupOf, dataMachine, dataText, putData, restoreOf } from '../fake/backups.ts';
import { addressIn } from '../fake/fake-container.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  editEnv,
  embeddedMachine,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { CONFIG_PATH, runCommand } from '../fake/process.ts';

const notes = (host: FakeHost) => host.docker.containers.named('tenant-1001-notes');
const caddyfile = (host: FakeHost): string =>
  [...host.files.tree.keys()]
    .filter((path) => path.endsWith('/caddy/Caddyfile'))
    .map((path) => host.files.text(path) ?? '')
    .join();
const listOf = (context: Context): Promise<void> => listServices(context, TENANT, {});
const profiles = async (host: FakeHost): Promise<string[]> => [
  ...((await host.apparmor.loaded()) ?? new Map<string, string>()).keys(),
];

describe('a service that is added', () => {
  it('runs at once as one of the stack, with a profile, a port, a page and a place for data of its own', async () => {
    const host = await deployedMachine();
    const { out } = await succeed(host, addOf());
    expect(notes(host)?.spec).toMatchObject({
      image: NOTES,
      user: '1001:1001',
      profile: 'ai-platform-tenant-1001-notes',
      network: 'ai-platform-1001',
      cgroupParent: 'aiplat-1001.slice',
      readOnlyRoot: true,
      capabilities: [],
      securityOptions: ['no-new-privileges:true'],
      mounts: [{ source: `${BASE_DIR}/data/notes`, target: '/data', readOnly: false }],
      ports: [{ address: '127.0.0.1', port: 5020, container: 8080 }],
      memoryBytes: 512 * 1024 ** 2,
    });
    expect(host.files.tree.get(`${BASE_DIR}/data/notes`)).toMatchObject({ uid: 1001, mode: 0o700 });
    expect(await profiles(host)).toContain('ai-platform-tenant-1001-notes');
    expect(caddyfile(host)).toContain('reverse_proxy notes:8080');
    expect(out).toContain('https://notes.tenant-1001.datasquiz.net:5043');
  });

  it('is recorded for root alone', async () => {
    const host = await addedMachine();
    expect(host.files.tree.get(ADDED_PATH)).toMatchObject({ uid: 0, gid: 0, mode: 0o600 });
  });

  it('leaves the other containers alone', async () => {
    const host = await deployedMachine();
    const before = host.docker.containers.all.map(({ id }) => id);
    await succeed(host, addOf());
    expect(host.docker.containers.all.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  });

  it('is part of every later deploy, and comes back after a teardown', async () => {
    const host = await addedMachine();
    expect((await succeed(host, deployOf())).changes).toEqual([]);
    await succeed(host, teardownOf());
    expect(notes(host)).toBeUndefined();
    await succeed(host, deployOf());
    expect(notes(host)?.state).toBe('running');
  });

  it('is shown by status', async () => {
    const { out } = await succeed(await addedMachine(), (context) => status(context, { tenant: TENANT }));
    expect(out).toMatch(/^notes +running .*https:\/\/notes\.tenant-1001/m);
  });

  it('stands behind the walls that verify tries', async () => {
    const { out } = await succeed(await addedMachine(), (context) => verify(context, { tenant: TENANT }));
    expect(out).toContain('tenant-1001-notes');
  });

  it('goes into backups, for which it stops, and comes back from them', async () => {
    const host = await dataMachine();
    await succeed(host, addOf());
    putData(host, 'notes/page', 'written');
    const { changes } = await succeed(host, backupOf());
    expect(changes).toEqual(expect.arrayContaining(['stop tenant-1001-notes', 'start tenant-1001-notes']));
    putData(host, 'notes/page', 'spoilt');
    await succeed(host, restoreOf('latest', { service: 'notes' }));
    expect([dataText(host, 'notes/page'), notes(host)?.state]).toEqual(['written', 'running']);
  });

  it('is not there a second time: nothing to do', async () => {
    const { changes, out } = await succeed(await addedMachine(), addOf());
    expect([changes, out]).toEqual([[], expect.stringContaining('Nothing to do')]);
  });

  it('is changed by the same command with other words, and keeps its port', async () => {
    const host = await addedMachine();
    await succeed(host, addOf({}, { name: 'other' }));
    await succeed(host, addOf({ memory: 256, env: ['MODE=quiet'] }));
    expect(notes(host)?.spec).toMatchObject({
      memoryBytes: 256 * 1024 ** 2,
      env: { MODE: 'quiet', HOME: '/data' },
    });
    expect(notes(host)?.spec.ports[0]?.port).toBe(5020);
    expect(host.docker.containers.named('tenant-1001-other')?.spec.ports[0]?.port).toBe(5021);
  });

  it('gets a port that nothing else has, and no service gets its port afterwards', async () => {
    const host = await deployedMachine();
    host.sockets.programs.push({ address: '127.0.0.1', port: 5020, holder: 'nginx (pid 812)' });
    await succeed(host, addOf());
    expect(notes(host)?.spec.ports[0]?.port).toBe(5021);
    editEnv(host, { N8N_PORT: '5021' });
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([2, expect.stringContaining('port 5021 was given twice')]);
    await succeed(host, setupOf());
    await succeed(host, deployOf());
    expect(host.docker.containers.named('tenant-1001-n8n')?.spec.ports[0]?.port).not.toBe(5021);
  });

  it('has no page when none is wanted', async () => {
    const host = await deployedMachine();
    const { out } = await succeed(host, addOf({ route: false }));
    expect([caddyfile(host).includes('notes:8080'), out.includes('https')]).toEqual([false, false]);
  });

  it("runs as OpenClaw's UID, never as root or another tenant, and may write its root when an admin says so", async () => {
    const host = await deployedMachine();
    await succeed(host, addOf({ runAs: 'openclaw', readWriteRoot: true }));
    expect(notes(host)?.spec).toMatchObject({ user: '1900001001:1900001001', readOnlyRoot: false });
  });

  it('starts what it needs first', async () => {
    const host = await setUpMachine();
    const { changes } = await succeed(host, addOf({ needs: ['valkey'] }));
    const order = ['start tenant-1001-valkey', 'start tenant-1001-notes'].map((change) =>
      changes.indexOf(change),
    );
    expect(order[0]).toBeGreaterThan(0);
    expect(order[1]).toBeGreaterThan(order[0] ?? 0);
    expect(host.docker.containers.named('tenant-1001-n8n')).toBeUndefined();
  });

  it('changes nothing with --dry-run', async () => {
    const { changes, out } = await succeed(await deployedMachine(), addOf({ dryRun: true }));
    expect([changes, out]).toEqual([[], expect.stringContaining('create container')]);
  });

  it('goes with its tenant', async () => {
    const host = await addedMachine();
    await succeed(host, (context) => evict(context, TENANT, {}));
    expect(host.files.tree.has(ADDED_PATH)).toBe(false);
  });
});

describe('an addition that goes wrong', () => {
  it('over an image that cannot be had is not recorded: later deploys do not stumble over it', async () => {
    const host = await deployedMachine();
    host.docker.images.unknown.add(NOTES);
    expect((await runCommand(host, addOf())).exit).toBe(1);
    expect(host.files.tree.has(ADDED_PATH)).toBe(false);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('over a program that ends stays recorded: exit 4, and the same command ends the job', async () => {
    const host = await deployedMachine();
    host.docker.containers.behaviours.set('notes', { kind: 'exits', exitCode: 1, log: 'no licence' });
    const { exit, err } = await runCommand(host, addOf());
    expect(exit).toBe(4);
    expect(err).toContain('no licence');
    expect(err).toContain('notes stays recorded');
    host.docker.containers.behaviours.clear();
    const container = notes(host);
    if (container) container.behaviour = { kind: 'healthy', afterMs: 0 };
    await succeed(host, addOf({ env: ['LICENCE_MODE=free'] }));
    expect(notes(host)?.state).toBe('running');
  });

  it('over an image that keeps data where nothing is mounted: exit 2, and the words say what to add', async () => {
    const host = await deployedMachine();
    host.docker.images.volumes.set(NOTES, ['/data', '/config/']);
    const { exit, err } = await runCommand(host, addOf());
    expect([exit, err]).toEqual([2, expect.stringContaining('Add --mount /config.')]);
    expect(host.files.tree.has(ADDED_PATH)).toBe(false);
    await succeed(host, addOf({ mount: ['/data', '/config'] }));
    const folders = (): string[] =>
      (notes(host)?.spec.mounts ?? []).map(({ source, target }) => `${source} ${target}`);
    const both = [`${BASE_DIR}/data/notes /data`, `${BASE_DIR}/data/notes-2 /config`];
    expect(folders()).toEqual(both);
    await succeed(host, addOf({ mount: ['/config', '/data'] }));
    expect(folders().sort()).toEqual(both.sort());
  });

  it('runs and does not listen: exit 4', async () => {
    const host = await deployedMachine();
    host.probes.holes.set(`${addressIn('ai-platform-1001')}:8080`, 'refused');
    const { exit, err } = await runCommand(host, addOf());
    expect([exit, err]).toEqual([4, expect.stringContaining('Nothing listens on port 8080 of notes')]);
  });
});

describe('what cannot be added', () => {
  const cases: readonly [string, Partial<AddOptions>, Partial<Subject>, string][] = [
    ['a name of the catalogue', {}, { name: 'n8n' }, 'The name n8n is taken'],
    ['the name of a data directory of the catalogue', {}, { name: 'caddy-config' }, 'is taken'],
    ['a name that is none', {}, { name: '../x' }, 'is no name for a service'],
    ['an image outside the policy', {}, { image: 'ghcr.io/acme/tool:1' }, 'is not allowed on this host'],
    ['an image without a tag', {}, { image: 'nginx' }, 'has no fixed version'],
    ['the latest image', {}, { image: 'docker.io/library/nginx:latest' }, 'has no fixed version'],
    ['no image at all', {}, { image: '--privileged' }, 'is no image'],
    ['data in /etc', { mount: ['/etc'] }, {}, 'cannot be the place of data'],
    ['data that climbs', { mount: ['/data/../../etc'] }, {}, 'cannot be the place of data'],
    ['data on the host', { mount: ['/mnt/data-tenant-1002'] }, {}, 'cannot be the place of data'],
    ['the socket of the engine', { mount: ['/var/run/docker.sock'] }, {}, 'cannot be the place of data'],
    ['a rule for a profile', { mount: ['/x/** rwx,'] }, {}, 'cannot be the place of data'],
    ['a secret on the command line', { env: ['DB_PASSWORD=x'] }, {}, 'looks like a secret'],
    ['a key on the command line', { env: ['OPENAI_API_KEY=x'] }, {}, 'looks like a secret'],
    ['a password in an address', { env: ['DB=postgres://u:p@h/d'] }, {}, 'looks like a secret'],
    ['a setting without =', { env: ['DEBUG'] }, {}, 'is no setting'],
    ["a neighbour's secret", { env: ['X={{secret.VALKEY_PASSWORD}}'] }, {}, 'has {{…}} in it'],
    ['words for the shell of a check', { health: "/x';rm${IFS}-rf${IFS}/data'" }, {}, 'no page'],
    ['itself as a need', { needs: ['notes'] }, {}, 'It would wait for itself'],
    ['a need that nobody has', { needs: ['mysql'] }, {}, 'cannot need mysql'],
    ['more memory than the tenant has', { memory: 9000 }, {}, 'cannot have 9000 MB'],
    ['settings of a relative path', { envFile: 'wiki.env' }, {}, 'no absolute path'],
    ['settings of no file', { envFile: '/root/none' }, {}, 'is not there'],
  ];
  it.each(cases)('%s: exit 2, nothing is touched', async (_title, options, subject, words) => {
    const { exit, err, changes } = await runCommand(await deployedMachine(), addOf(options, subject));
    expect([exit, err, changes]).toEqual([2, expect.stringContaining(words), []]);
  });

  it('by a tenant: exit 3, with what an admin has to type', async () => {
    const host = await deployedMachine();
    host.accounts.groups.set('aiplat', new Set(['user1001']));
    const commandLine = 'aiplat add-service tenant-1001 notes nginx:1.29.4 80';
    for (const caller of [{ uid: 0, sudoUid: 1001 }, { uid: 1001 }]) {
      const { exit, err, changes } = await runCommand(host, addOf(), { ...caller, commandLine });
      expect([exit, changes]).toEqual([3, []]);
      expect(err).toContain(`sudo ${commandLine}`);
    }
  });

  it('two services that wait for each other', async () => {
    const host = await addedMachine();
    await succeed(host, addOf({ needs: ['notes'] }, { name: 'other' }));
    const { exit, err } = await runCommand(host, addOf({ needs: ['other'] }));
    expect([exit, err]).toEqual([2, expect.stringContaining('each would wait for the other')]);
  });

  it('an image that a host without registries does not have: exit 3, nothing is recorded', async () => {
    const host = await embeddedMachine();
    const { exit, err, changes } = await runCommand(host, addOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('is not on this host');
  });

  it('an image of aiplat itself that is not here: no registry is asked for it', async () => {
    const { exit, changes } = await runCommand(
      await deployedMachine(),
      addOf({}, { image: 'aiplat/tool:1' }),
    );
    expect([exit, changes]).toEqual([3, []]);
  });

  it('what root alone has allowed can be: a registry, a latest image', async () => {
    const host = await deployedMachine();
    const addedImages = ['ghcr.io/acme/*', 'docker.io/library/nginx:latest'];
    host.files.put(CONFIG_PATH, { text: JSON.stringify({ addedImages }) });
    await succeed(host, addOf({}, { image: 'ghcr.io/acme/tool@sha256:'.padEnd(89, 'a') }));
    await succeed(host, addOf({}, { name: 'web', image: 'nginx:latest' }));
  });
});

describe('settings from a file', () => {
  const withFile = async (uid = 0): Promise<FakeHost> => {
    const host = await deployedMachine();
    host.files.put('/root/wiki.env', { text: 'DB_PASSWORD="geheim-geheim"\n', uid, mode: 0o600 });
    return host;
  };

  it('reach the program, and are in no answer and no log', async () => {
    const host = await withFile();
    const ended = await succeed(host, addOf({ envFile: '/root/wiki.env' }));
    expect(notes(host)?.spec.env).toMatchObject({ DB_PASSWORD: 'geheim-geheim' });
    const listed = await runCommand(host, listOf, { json: true });
    const said = [ended.out, ended.err, listed.out, listed.err, ...host.journal.lines].join('\n');
    expect(said).not.toContain('geheim-geheim');
    expect(host.files.text(ADDED_PATH)).toContain('geheim-geheim');
  });

  it('of somebody else are not read for who came through sudo', async () => {
    const host = await withFile();
    host.accounts.groups.set('aiplat-admin', new Set(['user1002']));
    const { exit, err, changes } = await runCommand(host, addOf({ envFile: '/root/wiki.env' }), {
      uid: 0,
      sudoUid: 1002,
    });
    expect([exit, changes, err.includes('geheim')]).toEqual([2, [], false]);
  });
});

describe('the list of what was added', () => {
  it('has image, port, address, day and who it was, for the tenant too', async () => {
    const host = await addedMachine();
    const { out } = await succeed(host, listOf);
    expect(out).toMatch(
      /notes +docker\.io\/library\/notes:1\.4\.0 +127\.0\.0\.1:5020 → 8080 +https:\/\/notes\.tenant-1001\.datasquiz\.net:5043 +\d{4}-\d\d-\d\d +\S/,
    );
    host.accounts.groups.set('aiplat', new Set(['user1001', 'user1002']));
    expect((await runCommand(host, listOf, { uid: 0, sudoUid: 1001 })).exit).toBe(0);
    expect((await runCommand(host, listOf, { uid: 0, sudoUid: 1002 })).exit).toBe(2);
  });

  it('says that there is nothing', async () => {
    expect((await succeed(freshMachine(), listOf)).out).toBe('Nothing was added to tenant-1001.\n');
  });
});

describe('a service that is taken away', () => {
  it('leaves no container, profile, port or page, and its data', async () => {
    const host = await addedMachine();
    const { out } = await succeed(host, removeOf());
    expect(notes(host)).toBeUndefined();
    expect(await profiles(host)).not.toContain('ai-platform-tenant-1001-notes');
    expect(caddyfile(host)).not.toContain('notes');
    expect(host.files.tree.has(`${BASE_DIR}/data/notes`)).toBe(true);
    expect(out).toContain(`Its data stays in ${BASE_DIR}/data/notes`);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
    expect((await succeed(host, removeOf())).out).toContain('Nothing to do');
  });

  it('leaves what its tenant switched off and did not deploy yet: a running container keeps its profile', async () => {
    const host = await addedMachine();
    editEnv(host, { SERVICES: 'caddy,valkey' });
    await succeed(host, removeOf());
    expect(host.docker.containers.named('tenant-1001-n8n')?.state).toBe('running');
    expect(await profiles(host)).toContain('ai-platform-1001-n8n');
  });

  it('takes its data along when that was asked for and confirmed', async () => {
    const host = await addedMachine();
    expect((await runCommand(host, removeOf({ deleteData: true }))).exit).toBe(2);
    expect((await runCommand(host, removeOf({ deleteData: true, confirm: 'tenant-1002' }))).exit).toBe(2);
    await succeed(host, removeOf({ deleteData: true, confirm: TENANT }));
    expect(host.files.tree.has(`${BASE_DIR}/data/notes`)).toBe(false);
    expect(host.files.tree.has(`${BASE_DIR}/data/n8n`)).toBe(true);
  });

  it('does not bring a stack up that was torn down', async () => {
    const host = await addedMachine();
    await succeed(host, teardownOf());
    await succeed(host, removeOf());
    expect(host.docker.containers.all).toEqual([]);
  });

  it('is refused while another needs it, and for a service of the catalogue', async () => {
    const host = await addedMachine();
    await succeed(host, addOf({ needs: ['notes'] }, { name: 'other' }));
    for (const name of ['notes', 'n8n']) {
      const { exit, changes } = await runCommand(host, removeOf({}, name));
      expect([name, exit, changes]).toEqual([name, 2, []]);
    }
  });
});
