import { describe, expect, it } from 'vitest';
import { doctor } from '../../src/commands/host/doctor.ts';
import { disableEdge, enableEdge } from '../../src/commands/host/edge.ts';
import { init } from '../../src/commands/host/init.ts';
import { undo } from '../../src/commands/host/undo.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  editEnv,
  freshMachine,
  SERVICES,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const OTHER = 'tenant-1002';
const DOMAIN = 'tenant-1001.datasquiz.net';

async function withEdge(): Promise<FakeHost> {
  const host = await deployedMachine();
  host.files.put('/mnt/data-tenant-1002');
  host.files.mountPoints.add('/mnt/data-tenant-1002');
  await succeed(host, (context) => enableEdge(context, {}));
  return host;
}

const other = (options = {}) =>
  setupOf({ tenant: OTHER, services: SERVICES, vectorDb: 'chroma', ...options });

describe('aiplat host edge enable', () => {
  it('starts it, and leads to a tenant when that is deployed again', async () => {
    const host = await withEdge();
    expect(host.edge.texts?.map).toBe('');
    expect([...host.units.all.keys()].sort()).toEqual(['aiplat-edge.service', 'aiplat-firewall.service']);
    const { out } = await succeed(host, deployOf());
    expect(out).toContain(`https://n8n.${DOMAIN}\n`);
    expect(host.edge.texts?.map).toBe(`${DOMAIN} ${TENANT}\n`);
    expect(host.packetFilter.text).toMatch(
      /set visitors .*127\.0\.0\.1 \. 5043 \. 980, 127\.0\.0\.1 \. 5080 \. 980 \}/,
    );
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('is what `aiplat host doctor` looks at, and mends', async () => {
    const host = await withEdge();
    await succeed(host, deployOf());
    const look = async () => (await runCommand(host, (context) => doctor(context))).out;
    expect(await look()).toMatch(/yes {3}edge +runs, and leads to 1 tenants/);
    await host.edge.stop();
    expect(await look()).toMatch(/NO {4}edge +does not run/);
    await succeed(host, (context) => enableEdge(context, {}));
    expect(await look()).toMatch(/yes {3}edge/);
  });

  it('has nothing to do a second time, and shows its plan with --dry-run', async () => {
    const host = await withEdge();
    expect((await succeed(host, (context) => enableEdge(context, {}))).changes).toEqual([]);
    const bare = freshMachine();
    const { out, changes } = await succeed(bare, (context) => enableEdge(context, { dryRun: true }));
    expect([changes, out.includes('create account')]).toEqual([[], true]);
  });

  it.each<[string, (host: FakeHost) => void, RegExp]>([
    ['HAProxy is missing', (host) => (host.edge.isProgramThere = false), /apt-get install haproxy/],
    [
      'a port is taken',
      (host) => host.sockets.programs.push({ address: '0.0.0.0', port: 443, holder: 'nginx (pid 812)' }),
      /nginx \(pid 812\) listens on 0\.0\.0\.0:443/,
    ],
  ])('is refused when %s: exit 3', async (_what, plant, words) => {
    const host = freshMachine();
    plant(host);
    const { exit, err, changes } = await runCommand(host, (context) => enableEdge(context, {}));
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toMatch(words);
  });

  it('stopped at any moment goes on with the same command', async () => {
    const finished = snapshot(await withEdge());
    for (let n = 1, isKilled = true; isKilled; n++) {
      const host = await deployedMachine();
      host.files.put('/mnt/data-tenant-1002');
      host.files.mountPoints.add('/mnt/data-tenant-1002');
      host.startProcess();
      host.killAt(n, 'after');
      isKilled = (await goOn(host, (context) => enableEdge(context, {}))).exit === 'killed';
      await succeed(host, (context) => enableEdge(context, {}));
      expect(snapshot(host), `killed after change ${n}`).toEqual(finished);
    }
  });
});

describe('a tenant behind the edge', () => {
  it('keeps its domain from the first setup on, and nobody is sent there before a deploy', async () => {
    const host = await withEdge();
    await succeed(host, other({ domain: 'ai.example.org' }));
    expect(host.edge.texts?.map).toBe('');
    const { exit, err, changes } = await runCommand(host, setupOf({ domain: 'n8n.ai.example.org' }));
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toMatch(/tenant-1001 cannot have the domain n8n\.ai\.example\.org/);
    expect(err).not.toContain(OTHER);
  });

  it('is refused a domain that it wrote into its .env by hand, and the others go on', async () => {
    const host = await withEdge();
    await succeed(host, deployOf());
    await succeed(host, other());
    await succeed(host, deployOf({ tenant: OTHER }));
    editEnv(host, { DOMAIN_NAME: `x.${OTHER}.datasquiz.net` });
    host.files.put(`${BASE_DIR}/ssl/certs/x.${OTHER}.datasquiz.net`, { uid: 1001, gid: 1001, mode: 0o700 });
    const { exit, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([2, []]);
    expect(host.edge.texts?.map).toContain(`${OTHER}.datasquiz.net ${OTHER}\n`);
  });

  it('leaves it with a teardown, and the edge before its Caddy', async () => {
    const host = await withEdge();
    await succeed(host, deployOf());
    const { changes } = await succeed(host, teardownOf());
    expect(host.edge.texts?.map).toBe('');
    expect(changes.indexOf('edge takes over')).toBeLessThan(changes.indexOf('stop caddy-tenant-1001'));
  });

  it('stays as it was when HAProxy does not accept the new configuration: exit 1', async () => {
    const host = await withEdge();
    const before = host.edge.texts;
    host.edge.fault = 'unknown keyword';
    const { exit, err } = await runCommand(host, deployOf());
    expect(exit).toBe(1);
    expect(err).toContain('unknown keyword');
    expect(host.edge.texts).toEqual(before);
  });
});

describe('aiplat host edge disable', () => {
  it('takes back all of it', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    await succeed(host, (context) => enableEdge(context, {}));
    await succeed(host, (context) => disableEdge(context, {}));
    expect(snapshot(host)).toEqual(before);
    expect(host.accounts.all.some(({ name }) => name === 'aiplat-edge')).toBe(false);
    expect((await succeed(host, (context) => disableEdge(context, {}))).changes).toEqual([]);
  });

  it('is part of taking back the preparation of a host', async () => {
    const host = freshMachine();
    await succeed(host, (context) => init(context, {}));
    await succeed(host, (context) => enableEdge(context, {}));
    await succeed(host, (context) => undo(context, {}));
    expect(host.edge.texts).toBeUndefined();
    expect(host.files.tree.has('/var/lib/aiplat')).toBe(false);
    expect(host.accounts.all.some(({ name }) => name === 'aiplat-edge')).toBe(false);
  });
});
