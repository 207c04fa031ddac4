import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type AdmitOptions, admit } from '../../src/commands/host/admit.ts';
import { doctor } from '../../src/commands/host/doctor.ts';
import { type EvictOptions, evict } from '../../src/commands/host/evict.ts';
import { type InitOptions, init } from '../../src/commands/host/init.ts';
import { tenants } from '../../src/commands/host/tenants.ts';
import { undo } from '../../src/commands/host/undo.ts';
import { LAUNCHER } from '../../src/install/launcher.ts';
import { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
import { deployOf, setupOf, succeed, teardownOf } from '../fake/machines.ts';
import { CONFIG_PATH, goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

type Work = (context: Context) => Promise<void>;

const initOf =
  (options: InitOptions = {}): Work =>
  (context) =>
    init(context, options);
const undoOf =
  (options: InitOptions = {}): Work =>
  (context) =>
    undo(context, options);
const admitOf =
  (user: string, options: AdmitOptions = {}): Work =>
  (context) =>
    admit(context, user, options);
const evictOf =
  (who: string, options: EvictOptions = {}): Work =>
  (context) =>
    evict(context, who, options);

const RECORD = '/etc/aiplat/tenants/tenant-1001.json';
const SUDOERS = '/etc/sudoers.d/aiplat';
const RESERVED = 'net.ipv4.ip_local_reserved_ports';
const OWN = '/opt/aiplat';

/** A machine that never heard of aiplat, but for the program itself. */
function bareMachine(): FakeHost {
  const host = new FakeHost();
  for (const path of ['/etc/sudoers.d', '/etc/logrotate.d', '/etc/bash_completion.d', '/etc/sysctl.d'])
    host.files.put(path);
  host.files.put('/etc/systemd/system');
  for (const path of ['/usr/local/sbin', '/usr/local/bin', '/var/lib', '/mnt']) host.files.put(path);
  host.files.put(`${OWN}/dist/start.mjs`, { text: '' });
  host.files.put(`${OWN}/templates`);
  host.files.put(`${OWN}/node_modules/node/bin/node`, { text: '', mode: 0o755 });
  host.commands.programs.set('visudo', { isLook: true, run: () => ({ exitCode: 0, output: '' }) });
  for (const [name, uid] of [
    ['alice', 1001],
    ['bob', 1002],
  ] as const) {
    host.accounts.all.push({ name, uid, gid: uid });
  }
  return host;
}

async function readyMachine(): Promise<FakeHost> {
  const host = bareMachine();
  await succeed(host, initOf());
  return host;
}

async function admittedMachine(): Promise<FakeHost> {
  const host = await readyMachine();
  await succeed(host, admitOf('alice', { quota: 'memoryMb=1024' }));
  return host;
}

describe('aiplat host init', () => {
  it('makes a host ready, and has nothing to do the second time', async () => {
    const host = await readyMachine();
    expect([...host.accounts.groups.keys()]).toEqual(['aiplat', 'aiplat-admin']);
    expect(host.files.tree.get(SUDOERS)).toMatchObject({ uid: 0, mode: 0o440 });
    expect(host.files.tree.get(LAUNCHER)).toMatchObject({ uid: 0, mode: 0o755 });
    expect(host.packetFilter.text).toMatch(/table inet aiplat/);
    expect((await succeed(host, initOf())).out).toMatch(/Nothing to do/);
    expect((await succeed(host, initOf())).changes).toEqual([]);
  });

  it('gives tenants the commands on one tenant and no others', async () => {
    const host = await readyMachine();
    const rule = host.files.text(SUDOERS) ?? '';
    const tenants = /Cmnd_Alias AIPLAT_TENANT = ([\s\S]*?)\n%/.exec(rule)?.[1] ?? '';
    expect(tenants).toMatch(/aiplat deploy \*/);
    expect(tenants).not.toMatch(/ host|add-service/);
    expect(rule).toMatch(/^%aiplat ALL = \(root:root\) NOPASSWD: NOSETENV: AIPLAT_TENANT$/m);
  });

  it('has certificates looked after twice a day', async () => {
    const host = await readyMachine();
    expect([...host.units.started]).toEqual(['aiplat-renew-ssl.timer', 'aiplat-backup.timer']);
    expect(host.files.text('/etc/systemd/system/aiplat-renew-ssl.service')).toMatch(
      /^ExecStart=\/usr\/local\/sbin\/aiplat ops renew-ssl --all$/m,
    );
    expect(host.files.text('/etc/systemd/system/aiplat-backup.service')).toMatch(
      /^ExecStart=\/usr\/local\/sbin\/aiplat ops backup --wait-lock 3600 --all$/m,
    );
  });

  it('has no timers on a host without systemd', async () => {
    const host = bareMachine();
    host.units.isBooted = false;
    await succeed(host, initOf());
    expect(host.files.tree.has('/etc/systemd/system/aiplat-renew-ssl.service')).toBe(false);
    expect((await succeed(host, initOf())).changes).toEqual([]);
  });

  it('changes nothing with --dry-run', async () => {
    const host = bareMachine();
    const { out, changes } = await succeed(host, initOf({ dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/write sudo rule {3}\/etc\/sudoers\.d\/aiplat +not found/);
  });

  it('never writes a config.json that the admin has', async () => {
    const host = bareMachine();
    host.files.put(CONFIG_PATH, { text: '{"tenantGroup": "tenants"}' });
    await succeed(host, initOf());
    expect(host.files.text(CONFIG_PATH)).toBe('{"tenantGroup": "tenants"}');
    expect(host.files.text(SUDOERS)).toMatch(/^%tenants /m);
    await succeed(host, undoOf());
    expect(host.files.text(CONFIG_PATH)).toBe('{"tenantGroup": "tenants"}');
  });

  it('leaves a command called aiplat that somebody else put on the PATH', async () => {
    const host = bareMachine();
    host.files.put('/usr/local/bin/aiplat', { text: 'mine' });
    await succeed(host, initOf());
    await succeed(host, undoOf());
    expect(host.files.text('/usr/local/bin/aiplat')).toBe('mine');
  });

  it('mends a rule that somebody widened', async () => {
    const host = await readyMachine();
    const good = host.files.text(SUDOERS);
    host.files.put(SUDOERS, { text: '%aiplat ALL = (ALL) NOPASSWD: ALL\n', mode: 0o440 });
    await succeed(host, initOf());
    expect(host.files.text(SUDOERS)).toBe(good);
  });

  it('keeps the old rule when visudo does not accept the new one', async () => {
    const host = bareMachine();
    host.commands.programs.set('visudo', {
      isLook: true,
      run: () => ({ exitCode: 1, output: 'syntax error' }),
    });
    const { exit, err } = await runCommand(host, initOf());
    expect([exit, err]).toEqual([1, expect.stringMatching(/is not accepted[\s\S]*syntax error/)]);
    expect(host.files.tree.has(SUDOERS)).toBe(false);
    expect(host.files.tree.has(`${SUDOERS}.new`)).toBe(false);
  });

  it('works on a host without sudo, and says so', async () => {
    const host = bareMachine();
    host.files.tree.delete('/etc/sudoers.d');
    const { err } = await succeed(host, initOf());
    expect(err).toMatch(/sudo is not installed/);
    expect((await succeed(host, initOf())).changes).toEqual([]);
  });

  it.each([
    `${OWN}/dist/start.mjs`,
    `${OWN}/dist`,
    OWN,
    '/opt',
    `${OWN}/node_modules/node/bin/node`,
    `${OWN}/templates`,
  ])('refuses a program that others than root could change: %s', async (path) => {
    for (const loose of [{ uid: 1001 }, { mode: 0o775 }, { mode: 0o757 }]) {
      const host = bareMachine();
      host.files.put(path, { ...host.files.tree.get(path), ...loose });
      const { exit, err, changes } = await runCommand(host, initOf());
      expect([exit, changes]).toEqual([3, []]);
      expect(err).toContain(path);
    }
  });

  it('is not for a tenant, whatever the rule of sudo says', async () => {
    const host = await admittedMachine();
    const { exit, err, changes } = await runCommand(host, initOf(), { sudoUid: 1001 });
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(/a tenant of this host/);
  });

  it('is for an admin who is a tenant too', async () => {
    const host = await admittedMachine();
    host.accounts.groups.get('aiplat-admin')?.add('alice');
    expect((await runCommand(host, initOf(), { sudoUid: 1001 })).exit).toBe(0);
  });
});

describe('the doctor of a host', () => {
  it('finds it as host init left it', async () => {
    const { out } = await succeed(await admittedMachine(), doctor);
    expect(out).toMatch(/yes +tenants without root +launcher, sudo rule and groups are in place/);
    expect(out).toMatch(/yes +tenants in groups that make root +none/);
  });

  it('names a rule that somebody changed, and a tenant who was put into group docker', async () => {
    const host = await admittedMachine();
    host.files.put(SUDOERS, { text: '%aiplat ALL = (ALL) NOPASSWD: ALL\n', mode: 0o440 });
    host.accounts.groups.set('docker', new Set(['alice']));
    const { exit, err, changes } = await runCommand(host, doctor);
    expect([exit, changes]).toEqual([4, []]);
    expect(err).toMatch(/sudoers\.d\/aiplat: changed[\s\S]*alice is in docker[\s\S]*aiplat host init/);
  });
});

describe('aiplat host init --undo', () => {
  it('takes back exactly what was put there', async () => {
    const host = bareMachine();
    const before = snapshot(host);
    await succeed(host, initOf());
    await succeed(host, undoOf());
    expect(snapshot(host)).toEqual(before);
    expect((await succeed(host, undoOf())).changes).toEqual([]);
  });

  it('leaves no state directory when tenants ran before the host was prepared', async () => {
    const host = bareMachine();
    host.files.put(CONFIG_PATH, { text: '{"requireMount": false}' });
    await succeed(host, setupOf({ services: ['caddy'], vectorDb: 'chroma' }));
    await succeed(host, deployOf());
    await succeed(host, initOf());
    await succeed(host, evictOf('tenant-1001', { deleteData: true, confirm: 'tenant-1001' }));
    await succeed(host, undoOf());
    expect(host.files.below('/var/lib/aiplat')).toEqual([]);
  });

  it('refuses while there are tenants', async () => {
    const host = await admittedMachine();
    const { exit, err, changes } = await runCommand(host, undoOf());
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(/There are tenant-1001/);
  });

  it('leaves groups that were there before, and those that somebody is in', async () => {
    const host = bareMachine();
    host.accounts.groups.set('aiplat', new Set());
    await succeed(host, initOf());
    host.accounts.groups.get('aiplat-admin')?.add('alice');
    await succeed(host, undoOf());
    expect([...host.accounts.groups.keys()]).toEqual(['aiplat', 'aiplat-admin']);
  });
});

describe('aiplat host admit', () => {
  it('makes a user a tenant, and has nothing to do the second time', async () => {
    const host = await admittedMachine();
    expect([...(host.accounts.groups.get('aiplat') ?? [])]).toEqual(['alice']);
    expect(JSON.parse(host.files.text(RECORD) ?? '')).toEqual({ user: 'alice', quota: { memoryMb: 1024 } });
    expect(host.files.tree.get(RECORD)).toMatchObject({ uid: 0, mode: 0o600 });
    expect(host.sysctl.all.get(RESERVED)).toBe('5000-5099');
    expect((await succeed(host, admitOf('1001'))).changes).toEqual([]);
  });

  it('keeps what was said before and is not said anew', async () => {
    const host = await admittedMachine();
    await succeed(host, admitOf('alice', { volume: 'vol-0123456789abcdef0' }));
    await succeed(host, admitOf('alice', { gpu: 'yes' }));
    await succeed(host, admitOf('alice', { quota: 'pids=100' }));
    expect(JSON.parse(host.files.text(RECORD) ?? '')).toEqual({
      user: 'alice',
      volume: 'vol0123456789abcdef0',
      gpu: true,
      quota: { memoryMb: 1024, pids: 100 },
    });
    await succeed(host, admitOf('alice', { device: '/dev/xvdf', gpu: 'no' }));
    expect(JSON.parse(host.files.text(RECORD) ?? '')).toMatchObject({ device: '/dev/xvdf' });
    expect(host.files.text(RECORD)).not.toMatch(/volume|gpu/);
  });

  it('leaves ports that others have reserved', async () => {
    const host = await readyMachine();
    host.sysctl.all.set(RESERVED, '4999,5050,8080-8090');
    await succeed(host, admitOf('alice'));
    expect(host.sysctl.all.get(RESERVED)).toBe('4999-5099,8080-8090');
    await succeed(host, evictOf('alice'));
    expect(host.sysctl.all.get(RESERVED)).toBe('4999,8080-8090');
  });

  const refusals: readonly {
    readonly when: string;
    readonly says: RegExp;
    readonly exit?: number;
    readonly user?: string;
    readonly options?: AdmitOptions;
    readonly arrange?: (host: FakeHost) => void;
  }[] = [
    { when: 'there is no such account', user: 'zoe', says: /no account "zoe"/ },
    { when: 'the name is none', user: 'x; id', says: /no account "x; id"/ },
    {
      when: 'the UID is none of a tenant',
      user: 'daemon',
      says: /UID 1 cannot be a tenant/,
      arrange: (host) => host.accounts.all.push({ name: 'daemon', uid: 1, gid: 1 }),
    },
    {
      when: 'the user is in group docker',
      says: /member of the group docker[\s\S]*mounts the whole host/,
      arrange: (host) => host.accounts.groups.set('docker', new Set(['alice'])),
    },
    {
      when: 'the primary group is shared',
      user: 'dave',
      says: /its group is 100, and has to be 1004/,
      arrange: (host) => host.accounts.all.push({ name: 'dave', uid: 1004, gid: 100 }),
    },
    {
      when: 'somebody else is in the own group',
      says: /its group alice has other members[\s\S]*bob/,
      arrange: (host) => host.accounts.groups.set('alice', new Set(['bob'])),
    },
    {
      when: 'an account has the number of its OpenClaw',
      exit: 3,
      says: /1900001001 of its OpenClaw is not free[\s\S]*the account ghost/,
      arrange: (host) => host.accounts.all.push({ name: 'ghost', uid: 1_900_001_001, gid: 1_900_001_001 }),
    },
    {
      when: 'a user namespace was promised that number',
      exit: 3,
      says: /subuid/,
      arrange: (host) => host.accounts.delegated.add(1_900_001_001),
    },
    {
      when: 'a limit is none',
      options: { quota: 'pids=2,memory=1' },
      says: /pids = 2: is less than 16[\s\S]*memoryMb/,
    },
    { when: 'the volume is none', options: { volume: '../etc' }, says: /is no serial number/ },
    { when: 'the device is none', options: { device: '/dev/../etc/passwd' }, says: /climbs/ },
  ];

  it.each(refusals)('refuses when $when', async ({ user = 'alice', options, says, exit = 2, arrange }) => {
    const host = await readyMachine();
    arrange?.(host);
    const ended = await runCommand(host, admitOf(user, options));
    expect(ended.err).toMatch(says);
    expect([ended.exit, ended.changes]).toEqual([exit, []]);
  });

  it("refuses another tenant's volume", async () => {
    const host = await admittedMachine();
    await succeed(host, admitOf('alice', { volume: 'vol-0123456789abcdef0' }));
    const { exit, err, changes } = await runCommand(host, admitOf('bob', { volume: 'vol0123456789abcdef0' }));
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(/tenant-1001 has the volume/);
  });

  it('gives nobody the data of the one who had that UID before', async () => {
    const host = await admittedMachine();
    host.accounts.all.splice(0, 1, { name: 'carol', uid: 1001, gid: 1001 });
    const { exit, err, changes } = await runCommand(host, admitOf('carol'));
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(/tenant-1001 is alice[\s\S]*carol's from now on[\s\S]*evict tenant-1001/);
  });

  it('says whose data a new tenant gets when an earlier one left some', async () => {
    const host = await readyMachine();
    host.files.put('/mnt/data-tenant-1001/config/.env', { text: '', uid: 1001 });
    const { err } = await succeed(host, admitOf('alice'));
    expect(err).toMatch(/data-tenant-1001 has data and secrets already: alice has them/);
    expect((await succeed(host, admitOf('alice'))).err).toBe('');
  });

  it('wants a host that is ready', async () => {
    const { exit, err, changes } = await runCommand(bareMachine(), admitOf('alice'));
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toMatch(/aiplat host init/);
  });
});

describe('a tenant that was admitted', () => {
  it('sets up and deploys through sudo, is listed, and leaves no trace but the data', async () => {
    const host = await readyMachine();
    host.files.put(CONFIG_PATH, { text: '{"requireMount": false}' });
    const before = snapshot(host);
    await succeed(host, admitOf('alice', { quota: 'memoryMb=1024' }));
    const choices = { services: ['caddy', 'valkey'], vectorDb: 'chroma' };
    const own = { sudoUid: 1001 };
    const setup: Work = (context) => setupOf(choices)(context);
    expect((await runCommand(host, setup, own)).exit).toBe(0);
    expect((await runCommand(host, deployOf(), own)).exit).toBe(0);
    expect(host.slices.all.get('aiplat-1001.slice')).toMatchObject({ memoryBytes: 1024 ** 3 });
    const { out } = await succeed(host, tenants);
    expect(out).toMatch(/^tenant-1001 +alice +3 of 3 services well .* of 1024 MiB/m);
    await succeed(host, evictOf('alice', { deleteData: true, confirm: 'tenant-1001' }));
    host.docker.images.local.clear();
    expect(snapshot(host)).toEqual(before);
  });

  it('and put a link in the place of its files is listed with them, and hides nobody', async () => {
    const host = await admittedMachine();
    host.files.put('/mnt/data-tenant-1001', { uid: 1001 });
    host.files.put('/mnt/data-tenant-1001/config', { link: '/etc', uid: 1001 });
    const { out } = await succeed(host, tenants);
    expect(out).toMatch(/^tenant-1001 +alice +\S+\.env leads through a link/m);
  });

  it('can be evicted when its account is gone already', async () => {
    const host = await admittedMachine();
    host.accounts.all.splice(0, 1);
    host.accounts.groups.get('aiplat')?.clear();
    await succeed(host, evictOf('alice'));
    expect(host.files.tree.has(RECORD)).toBe(false);
  });

  it('is none any more when it was evicted, though its session is still open', async () => {
    const host = await admittedMachine();
    host.files.put(CONFIG_PATH, { text: '{"requireMount": false}' });
    await succeed(host, evictOf('alice'));
    const setup: Work = (context) => setupOf({ services: ['caddy'], vectorDb: 'chroma' })(context);
    const { exit, err, changes } = await runCommand(host, setup, { sudoUid: 1001 });
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toMatch(/no tenant of this host[\s\S]*not any more[\s\S]*host admit 1001/);
  });

  it('is never an admin, even with a UID that is none of a tenant', async () => {
    const host = await admittedMachine();
    host.files.put(CONFIG_PATH, { text: '{"requireMount": false}' });
    host.accounts.all.push({ name: 'ubuntu', uid: 1000, gid: 1000 });
    const setup: Work = (context) => setupOf({ services: ['caddy'], vectorDb: 'chroma' })(context);
    const other = { sudoUid: 1000 };
    expect((await runCommand(host, setup, other)).exit).toBe(0);
    await succeed(host, teardownOf({ deleteData: true, confirm: 'tenant-1001' }));
    host.accounts.groups.get('aiplat')?.add('ubuntu');
    const { exit, changes } = await runCommand(host, setup, other);
    expect([exit, changes]).toEqual([2, []]);
  });

  it('whose deleted data nobody confirmed stays whole', async () => {
    const host = await admittedMachine();
    host.files.put('/mnt/data-tenant-1001/data/n8n/x', { text: 'rows' });
    host.files.mountPoints.add('/mnt/data-tenant-1001');
    const { exit, changes } = await runCommand(host, evictOf('alice', { deleteData: true }));
    expect([exit, changes]).toEqual([2, []]);
  });
});

const moments: readonly Moment[] = ['before', 'after'];
const walks: readonly {
  readonly title: string;
  readonly machine: () => Promise<FakeHost>;
  readonly work: Work;
}[] = [
  { title: 'init', machine: async () => bareMachine(), work: initOf() },
  { title: 'init --undo', machine: readyMachine, work: undoOf() },
  { title: 'admit', machine: readyMachine, work: admitOf('alice', { quota: 'pids=99' }) },
  { title: 'evict', machine: admittedMachine, work: evictOf('tenant-1001') },
];

describe.each(walks)('aiplat host $title', ({ machine, work }) => {
  it.each(moments)('killed right %s any of its changes is finished by the same command', async (moment) => {
    const undisturbed = await machine();
    await succeed(undisturbed, work);
    const wanted = snapshot(undisturbed);
    for (let n = 1, survived = false; !survived; n++) {
      const host = await machine();
      host.startProcess();
      host.killAt(n, moment);
      survived = (await goOn(host, work)).exit === 0;
      await succeed(host, work);
      expect(snapshot(host), `killed ${moment} change ${n}`).toEqual(wanted);
      expect((await succeed(host, work)).changes).toEqual([]);
    }
  });
});
