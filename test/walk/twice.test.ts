import { describe, expect, it } from 'vitest';
import {
  buildOf,
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  embeddedMachine,
  extendTemplate,
  freshMachine,
  SERVICES,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const CONTAINERS = [
  'caddy-tenant-1001',
  'tenant-1001-chroma',
  'tenant-1001-n8n',
  'tenant-1001-prometheus',
  'tenant-1001-valkey',
];

describe('a deploy of some services', () => {
  it('starts these and no others, and finds all well', async () => {
    const host = await setUpMachine();
    const { out } = await succeed(host, deployOf({ only: ['caddy'] }));
    expect(out).toMatch(/^tenant-1001 runs caddy\.$/m);
    expect(host.docker.containers.all.map(({ name }) => name)).toEqual(['caddy-tenant-1001']);
    const second = await succeed(host, deployOf({ only: ['caddy'] }));
    expect(second.changes).toEqual([]);
    expect(second.out).toMatch(/Nothing to do: tenant-1001 is as its \.env says \(caddy\)\./);
  });

  it('does not wait for a service that was not meant', async () => {
    const host = await deployedMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
    const n8n = host.docker.containers.named('tenant-1001-n8n');
    if (n8n !== undefined) n8n.state = 'exited';
    expect((await goOn(host, deployOf({ only: ['caddy', 'valkey'] }))).exit).toBe(0);
    expect((await goOn(host, deployOf())).exit).toBe(4);
  });
});

describe('setup and deploy', () => {
  it('bring a fresh machine to a stack that is healthy', async () => {
    const { docker } = await deployedMachine();
    expect(docker.containers.all.map(({ name }) => name).sort()).toEqual(CONTAINERS);
    for (const name of CONTAINERS) expect(docker.containers.healthOf(name)).toBe('healthy');
    expect(docker.networks.all.map(({ name, subnets }) => [name, subnets])).toEqual([
      ['ai-platform-1001', ['10.128.0.0/25']],
    ]);
  });

  it('publish on the loopback address of the tenant alone, inside its block', async () => {
    const { docker } = await deployedMachine();
    const published = docker.containers.all.flatMap(({ spec }) => spec.ports);
    expect(published.map(({ address, port }) => `${address}:${port}`).sort()).toEqual([
      '127.0.0.1:5000',
      '127.0.0.1:5002',
      '127.0.0.1:5043',
      '127.0.0.1:5080',
    ]);
  });

  it.each([
    ['official', deployedMachine],
    ['embedded', embeddedMachine],
  ])('run a second time have nothing to do (%s images)', async (_source, machine) => {
    const host = await machine();
    const before = snapshot(host);
    for (const work of [setupOf(), deployOf()]) {
      const { changes, out } = await succeed(host, work);
      expect(changes).toEqual([]);
      expect(out).toContain('Nothing to do');
    }
    expect(snapshot(host)).toEqual(before);
  });

  it('say as JSON what they changed, and nothing else', async () => {
    const host = await setUpMachine();
    const first = await runCommand(host, deployOf(), { json: true });
    const second = await runCommand(host, deployOf(), { json: true });
    expect(JSON.parse(first.out)).toMatchObject({ tenant: TENANT, plan: expect.any(Array) });
    expect(JSON.parse(second.out)).toMatchObject({ tenant: TENANT, changed: 0, plan: [] });
  });
});

describe('--dry-run', () => {
  it.each([
    ['setup', async () => freshMachine(), (dryRun: boolean) => setupOf({ services: SERVICES, dryRun })],
    ['deploy', setUpMachine, (dryRun: boolean) => deployOf({ dryRun })],
    [
      'teardown',
      deployedMachine,
      (dryRun: boolean) => teardownOf({ dryRun, deleteData: true, confirm: TENANT }),
    ],
  ])(
    'of %s prints the plan that the command then does, and changes nothing',
    async (_name, machine, work) => {
      const host = await machine();
      const before = snapshot(host);
      const dry = await runCommand(host, work(true), { json: true });
      expect(dry.changes).toEqual([]);
      expect(snapshot(host)).toEqual(before);
      const real = await runCommand(host, work(false), { json: true });
      expect(JSON.parse(dry.out).plan).toEqual(JSON.parse(real.out).plan);
      expect(JSON.parse(dry.out).plan.length).toBeGreaterThan(3);
    },
  );
});

describe('a deploy after a change', () => {
  it('touches the changed service and its files alone', async () => {
    const host = await deployedMachine();
    editEnv(host, { N8N_PORT: '5050' });
    const untouched = CONTAINERS.filter((name) => !/n8n|caddy/.test(name));
    const ids = (): unknown[] => untouched.map((name) => host.docker.containers.named(name)?.id);
    const before = ids();
    await succeed(host, deployOf());
    expect(ids()).toEqual(before);
    expect(host.docker.containers.named('tenant-1001-n8n')?.spec.ports).toMatchObject([{ port: 5050 }]);
    expect(host.docker.containers.all).toHaveLength(CONTAINERS.length);
  });

  it('removes a service that is switched off and keeps its data', async () => {
    const host = await deployedMachine();
    await succeed(host, setupOf({ services: ['caddy', 'n8n', 'valkey'] }));
    await succeed(host, deployOf());
    expect(host.docker.containers.named('tenant-1001-prometheus')).toBeUndefined();
    expect(host.files.tree.has('/mnt/data-tenant-1001/data/prometheus')).toBe(true);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('gives each of two services the port that the other had', async () => {
    const host = await deployedMachine();
    editEnv(host, { N8N_PORT: '5000', PROMETHEUS_PORT: '5002' });
    await succeed(host, deployOf());
    const portOf = (name: string) => host.docker.containers.named(name)?.spec.ports[0]?.port;
    expect([portOf('tenant-1001-n8n'), portOf('tenant-1001-prometheus')]).toEqual([5000, 5002]);
  });

  it('passes ports on in a ring', async () => {
    const host = await deployedMachine();
    const ring = { N8N_PORT: '5000', PROMETHEUS_PORT: '5043', CADDY_HTTPS_PORT: '5002' };
    editEnv(host, ring);
    await succeed(host, deployOf());
    const portOf = (name: string) => host.docker.containers.named(name)?.spec.ports[0]?.port;
    const names = ['tenant-1001-n8n', 'tenant-1001-prometheus', 'caddy-tenant-1001'];
    expect(names.map(portOf)).toEqual(Object.values(ring).map(Number));
  });

  it('gives a service the port of another that is still waiting for its image', async () => {
    const host = await deployedMachine();
    const image = host.docker.containers.named('tenant-1001-prometheus')?.spec.image ?? '';
    host.docker.images.local.delete(image);
    editEnv(host, { N8N_PORT: '5000', PROMETHEUS_PORT: '5060' });
    await succeed(host, deployOf());
    expect(host.docker.containers.named('tenant-1001-n8n')?.spec.ports).toMatchObject([{ port: 5000 }]);
  });

  it('gives a service the port of one that is switched off', async () => {
    const host = await deployedMachine();
    editEnv(host, { N8N_PORT: '5000', PROMETHEUS_PORT: '5002', SERVICES: 'caddy,n8n,valkey' });
    await succeed(host, deployOf());
    expect(host.docker.containers.named('tenant-1001-n8n')?.spec.ports).toMatchObject([{ port: 5000 }]);
  });

  it('starts what stopped, and nothing else', async () => {
    const host = await deployedMachine();
    const container = host.docker.containers.named('tenant-1001-valkey');
    if (container !== undefined) container.state = 'exited';
    expect((await succeed(host, deployOf())).changes).toEqual(['start tenant-1001-valkey']);
  });

  it('brings back a network that somebody removed with all containers', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    host.docker.containers.all = [];
    host.docker.networks.all = [];
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });
});

describe('images', () => {
  it('are built once, and again when a recipe changes', async () => {
    const host = await embeddedMachine();
    expect((await succeed(host, buildOf())).changes).toEqual([]);
    extendTemplate(host, 'images/chroma/Dockerfile', 'RUN true');
    const { changes } = await succeed(host, buildOf());
    expect(changes.filter((line) => line.startsWith('build')).every((line) => line.includes('chroma'))).toBe(
      true,
    );
    expect(changes.length).toBeGreaterThan(0);
  });

  it('are built although what they are made from cannot be reached for a moment', async () => {
    const host = await embeddedMachine();
    extendTemplate(host, 'images/chroma/Dockerfile', 'RUN true');
    host.docker.images.failingBuilds = 2;
    await succeed(host, buildOf());
    host.docker.images.failingBuilds = 3;
    extendTemplate(host, 'images/chroma/Dockerfile', 'RUN false');
    expect((await runCommand(host, buildOf())).exit).toBe(1);
  });

  it('are all pulled before anything stops', async () => {
    const host = await deployedMachine();
    const n8n = host.docker.containers.named('tenant-1001-n8n');
    const image = n8n?.spec.image ?? '';
    host.docker.images.local.delete(image);
    host.docker.images.unknown.add(image);
    editEnv(host, { N8N_PORT: '5050' });
    const { exit, changes } = await runCommand(host, deployOf());
    expect(exit).toBe(1);
    expect(n8n?.state).toBe('running');
    expect(changes.filter((line) => line.includes('tenant-1001-n8n'))).toEqual([]);
  });
});

describe('the .env', () => {
  it('keeps what its owner wrote, and its secrets, through a second setup', async () => {
    const host = await setUpMachine();
    const first = host.files.text(ENV_PATH) ?? '';
    const text = `# mine\n${first.replace('OPENAI_API_KEY=', 'OPENAI_API_KEY=sk-mine')}`;
    host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), text });
    await succeed(host, setupOf({ services: ['caddy', 'n8n'] }));
    const kept = new Set(host.files.text(ENV_PATH)?.split('\n'));
    expect(text.split('\n').filter((line) => !kept.has(line))).toEqual([`SERVICES=${SERVICES.join(',')}`]);
  });

  it('is closed to others', async () => {
    const host = await setUpMachine();
    expect(host.files.tree.get(ENV_PATH)).toMatchObject({ uid: 1001, gid: 1001, mode: 0o600 });
  });
});
