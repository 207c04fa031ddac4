import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type VerifyOptions, verify } from '../../src/commands/verify.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  deployedMachine,
  deployOf,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const verifyOf =
  (options: VerifyOptions = {}) =>
  (context: Context): Promise<void> =>
    verify(context, { tenant: TENANT, ...options });

const N8N = 'tenant-1001-n8n';

/** Changes what the machine has of a container behind aiplat's back. */
function tamper(host: FakeHost, change: object, name = N8N): void {
  const container = host.docker.containers.named(name);
  if (container === undefined) throw new Error(`no ${name}`);
  host.docker.containers.all = host.docker.containers.all.map((one) =>
    one === container ? { ...container, spec: { ...container.spec, ...change } } : one,
  );
}

describe('verify', () => {
  it('says of a stack that is as it was deployed that everything held, and changes nothing', async () => {
    const host = await deployedMachine();
    const { out, changes } = await succeed(host, verifyOf());
    expect(out).toMatch(/tenant-1001: all \d+ checks held\./);
    expect(changes).toEqual([]);
  });

  it.each<[string, (host: FakeHost) => void, RegExp]>([
    ['another user', (host) => tamper(host, { user: '0:0' }), /runs as its user.*Uid 0/],
    [
      'another network',
      (host) => tamper(host, { network: 'ai-platform-1002' }),
      /it is on ai-platform-1002 too/,
    ],
    [
      'a port for all',
      (host) => tamper(host, { ports: [{ address: '0.0.0.0', port: 5002, container: 5678 }] }),
      /it publishes 0\.0\.0\.0:5002/,
    ],
    [
      'the control groups of all tenants',
      (host) =>
        tamper(host, {
          mounts: [{ source: '/sys/fs/cgroup/aiplat.slice', target: '/groups/unified', readOnly: true }],
        }),
      /\/sys\/fs\/cgroup\/aiplat\.slice, at \/groups\/unified/,
    ],
    [
      'control groups that it did not ask for',
      (host) =>
        tamper(host, {
          mounts: [
            {
              source: '/sys/fs/cgroup/aiplat.slice/aiplat-1001.slice',
              target: '/groups/unified',
              readOnly: true,
            },
          ],
        }),
      /aiplat-1001\.slice, at \/groups\/unified, which nobody asked for/,
    ],
    [
      "another tenant's data",
      (host) =>
        tamper(host, {
          mounts: [{ source: '/mnt/data-tenant-1002/data/n8n', target: '/x', readOnly: true }],
        }),
      /\/mnt\/data-tenant-1002\/data\/n8n, at \/x/,
    ],
    [
      "the engine's socket",
      (host) =>
        tamper(host, {
          mounts: [{ source: '/run/docker.sock', target: '/run/docker.sock', readOnly: true }],
        }),
      /the engine's socket/,
    ],
    ['a capability', (host) => tamper(host, { capabilities: ['SYS_ADMIN'] }), /capability SYS_ADMIN/],
    [
      'a root that can be written',
      (host) => tamper(host, { readOnlyRoot: false }),
      /root file system can be/,
    ],
    ['no system call filter', (host) => tamper(host, { securityOptions: ['seccomp=unconfined'] }), /seccomp/],
    ['another control group', (host) => tamper(host, { cgroupParent: '' }), /control group of the engine/],
    [
      'no profile in the kernel',
      (host) => host.apparmor.profiles?.delete('ai-platform-1001-n8n'),
      /unconfined/,
    ],
    [
      'an open data directory',
      (host) => host.files.put('/mnt/data-tenant-1001/data/n8n', { uid: 1001, gid: 1001, mode: 0o755 }),
      /data\/n8n is 1001:1001 755/,
    ],
    [
      'a readable .env',
      (host) =>
        host.files.put('/mnt/data-tenant-1001/config/.env', {
          ...host.files.tree.get('/mnt/data-tenant-1001/config/.env'),
          mode: 0o644,
        }),
      /config\/\.env is 1001:1001 644/,
    ],
    [
      'no firewall',
      (host) => (host.packetFilter.text = undefined),
      /the firewall is in force: not in the kernel/,
    ],
    ['other limits', (host) => host.slices.all.clear(), /there is no control group/],
    [
      'a way to the metadata',
      (host) => host.probes.holes.set('169.254.169.254:80', 'open'),
      /the cloud's metadata/,
    ],
    [
      'a way to the host',
      (host) => host.probes.holes.set('10.128.0.1:22', 'refused'),
      /not reached: the host itself: 10\.128\.0\.1:22 is refused/,
    ],
  ])('finds %s: exit 4', async (_what, plant, words) => {
    const host = await deployedMachine();
    plant(host);
    const { exit, err, changes } = await runCommand(host, verifyOf());
    expect([exit, changes]).toEqual([4, []]);
    expect(err).toMatch(words);
  });

  it('is one document with --json', async () => {
    const { out } = await runCommand(await deployedMachine(), verifyOf(), { json: true });
    const { checks } = JSON.parse(out) as { checks: { held: boolean; layer: string }[] };
    expect(new Set(checks.map(({ layer }) => layer))).toEqual(
      new Set(['process', 'AppArmor', 'files', 'network', 'resources', 'data']),
    );
  });

  it('finds a database that asks nobody for its key', async () => {
    const host = await freshMachine();
    await succeed(host, setupOf({ services: ['caddy'], vectorDb: 'pgvector' }));
    await succeed(host, deployOf());
    expect((await succeed(host, verifyOf())).out).toMatch(/postgres lets nobody in without its key +refused/);
    host.docker.containers.opensWithoutKey = true;
    const { exit, err } = await runCommand(host, verifyOf());
    expect(exit).toBe(4);
    expect(err).toMatch(/data: .*postgres lets nobody in without its key: it let somebody in without/);
  });

  it('finds a database without a key of its own that is published', async () => {
    const host = await deployedMachine();
    tamper(host, { ports: [{ address: '0.0.0.0', port: 8000, container: 8000 }] }, 'tenant-1001-chroma');
    expect((await runCommand(host, verifyOf())).err).toMatch(/knows no key.*published at 0\.0\.0\.0:8000/);
  });

  it('of a stack that does not run finds what is missing', async () => {
    expect((await runCommand(await setUpMachine(), verifyOf())).exit).toBe(4);
  });

  it('takes no other name than a tenant to try against: exit 2', async () => {
    expect((await runCommand(await deployedMachine(), verifyOf({ against: 'tenant-1001/x' }))).exit).toBe(2);
  });
});

describe('verify --all', () => {
  const all = (context: Context): Promise<void> => verify(context, { all: true });

  async function twoTenants(): Promise<FakeHost> {
    const host = await deployedMachine();
    host.files.put('/mnt/data-tenant-1002');
    host.files.mountPoints.add('/mnt/data-tenant-1002');
    await succeed(host, setupOf({ tenant: 'tenant-1002', services: ['caddy'], vectorDb: 'chroma' }));
    await succeed(host, deployOf({ tenant: 'tenant-1002' }));
    return host;
  }

  it('tries every tenant of the host, one after the other', async () => {
    const { out } = await succeed(await twoTenants(), all);
    expect(out).toMatch(/tenant-1001: all \d+ checks held\.\ntenant-1002: all \d+ checks held\./);
  });

  it('names the tenant of a breach, and only that one in the fix', async () => {
    const host = await twoTenants();
    tamper(host, { user: '0:0' }, 'caddy-tenant-1002');
    const { exit, err } = await runCommand(host, all);
    expect(exit).toBe(4);
    expect(err).toMatch(/tenant-1002: 1 of \d+ checks did not hold/);
    expect(err).not.toMatch(/--tenant tenant-1001/);
  });

  it('goes on when the stack of one cannot be read, and says so', async () => {
    const host = await twoTenants();
    host.files.put('/mnt/data-tenant-1001/config/.env', {
      ...host.files.tree.get('/mnt/data-tenant-1001/config/.env'),
      text: 'SERVICES=nothing\n',
    });
    const { exit, out, err } = await runCommand(host, all, { json: true });
    expect([exit, err]).toEqual([4, expect.stringMatching(/its stack can be read/)]);
    const { tenants } = JSON.parse(out) as { tenants: { tenant: string; checks: { held: boolean }[] }[] };
    expect(tenants.map(({ tenant, checks }) => [tenant, checks.every(({ held }) => held)])).toEqual([
      ['tenant-1001', false],
      ['tenant-1002', true],
    ]);
  });

  it('says so when there is no tenant', async () => {
    expect((await succeed(freshMachine(), all)).out).toBe('No tenant has a container on this host.\n');
  });

  it('is not for a tenant: exit 2, nothing touched', async () => {
    const caller = { uid: 0, sudoUid: 1001 };
    const { exit, err } = await runCommand(await twoTenants(), all, caller);
    expect(exit).toBe(2);
    expect(err).toMatch(/You may not do that for all tenants/);
  });
});
