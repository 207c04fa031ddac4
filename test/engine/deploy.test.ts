import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesDuring, containersOf, docker, type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';

/** Two that share no block, and one whose block is the first one's on another loopback address. */
const [ONE, TWO, FAR] = ['tenant-1001', 'tenant-1002', 'tenant-1278'] as const;
const TENANTS = [ONE, TWO, FAR];

let here: Installation;

beforeAll(async () => {
  here = await install();
});

afterAll(async () => {
  await sweep(here, TENANTS);
});

const setup = (tenant: string, services: string) =>
  here.aiplat('setup', '--tenant', tenant, '--services', services, '--vector-db', 'chroma');
const deploy = (tenant: string, ...more: string[]) => here.aiplat('deploy', '--tenant', tenant, ...more);

describe('tenants on one engine', () => {
  it('are set up and deployed at the same moment', async () => {
    const setups = await Promise.all(TENANTS.map((tenant) => setup(tenant, 'caddy,prometheus')));
    expect(setups.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toMatchObject(
      TENANTS.map(() => ({ exitCode: 0 })),
    );
    const deploys = await Promise.all(TENANTS.map((tenant) => deploy(tenant)));
    for (const { exitCode, stderr } of deploys) expect(exitCode, stderr).toBe(0);
  });

  it('each answer through their own Caddy, on their own address', async () => {
    const places = [
      [ONE, '127.0.0.1', 5043],
      [TWO, '127.0.0.1', 5143],
      [FAR, '127.0.1.1', 5043],
    ] as const;
    for (const [tenant, address, port] of places) {
      const ca = await authorityOf(here, tenant);
      const index = await ask(address, `https://${tenant}.datasquiz.net:${port}/`, ca);
      expect(index.status).toBe(200);
      expect(index.body).toContain(`https://prometheus.${tenant}.datasquiz.net:${port}/`);
      const ready = await ask(address, `https://prometheus.${tenant}.datasquiz.net:${port}/-/ready`, ca);
      expect(ready).toMatchObject({ status: 200 });
    }
  });

  it('run as their UID, without capabilities or new privileges, on a read-only root, bounded', async () => {
    for (const { Id } of await containersOf(TWO)) {
      const { Config, HostConfig, NetworkSettings } = await docker.getContainer(Id).inspect();
      expect(Config.User).toBe('1002:1002');
      expect(HostConfig).toMatchObject({
        CapDrop: ['ALL'],
        ReadonlyRootfs: true,
        SecurityOpt: ['no-new-privileges:true'],
      });
      expect(HostConfig.LogConfig).toMatchObject({
        Type: 'json-file',
        Config: { 'max-size': '10m', 'max-file': '3' },
      });
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
      const addresses = Object.values(NetworkSettings.Ports).flatMap((ports) =>
        (ports ?? []).map(({ HostIp }) => HostIp),
      );
      expect(new Set(addresses)).toEqual(new Set(addresses.length === 0 ? [] : ['127.0.0.1']));
      expect(Object.keys(NetworkSettings.Networks)).toEqual(['ai-platform-1002']);
    }
    const [network] = await docker.listNetworks({ filters: JSON.stringify({ name: ['ai-platform-1002'] }) });
    expect(network?.IPAM?.Config?.[0]).toMatchObject({ Subnet: '10.128.0.128/25' });
  });

  it('are not changed by a second deploy, which says so', async () => {
    let stdout = '';
    const changes = await changesDuring(async () => {
      ({ stdout } = await deploy(ONE));
    });
    expect(changes).toEqual([]);
    expect(stdout).toContain('Nothing to do: tenant-1001 is as its .env says (3 services).');
  });
});

describe('the stack of one tenant', () => {
  it('is shown by status as one table and as JSON', async () => {
    const { exitCode, stdout } = await here.aiplat('ops', 'status', '--tenant', ONE, '--json');
    expect(exitCode).toBe(0);
    const { services } = JSON.parse(stdout) as { services: Record<string, unknown>[] };
    expect(services.map(({ service }) => service)).toEqual(['caddy', 'prometheus', 'chroma']);
    for (const row of services) {
      expect(row).toMatchObject({ state: 'running', health: 'healthy' });
      expect(row.memoryBytes).toBeGreaterThan(1024 * 1024);
    }
  });

  it('loses a service that is switched off, and keeps its data', async () => {
    await setup(TWO, 'caddy');
    const { exitCode, stderr } = await deploy(TWO);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(
      `prometheus is switched off; its data stays in ${here.dir}/mnt/data-${TWO}/data`,
    );
    expect((await containersOf(TWO)).map(({ Names }) => Names[0]).sort()).toEqual([
      '/caddy-tenant-1002',
      '/tenant-1002-chroma',
    ]);
    expect((await stat(join(here.dir, `mnt/data-${TWO}/data/prometheus`))).uid).toBe(1002);
  });

  it('gets a route for a new service without one failed request', async () => {
    const ca = await authorityOf(here, TWO);
    let isOver = false;
    const answers: (number | string)[] = [];
    const knocking = (async () => {
      while (!isOver) {
        answers.push(
          await ask('127.0.0.1', `https://${TWO}.datasquiz.net:5143/`, ca).then(
            ({ status }) => status,
            String,
          ),
        );
      }
    })();
    await setup(TWO, 'caddy,prometheus');
    const { exitCode, stderr } = await deploy(TWO);
    isOver = true;
    await knocking;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).not.toContain('caddy-tenant-1002');
    const ready = await ask('127.0.0.1', `https://prometheus.${TWO}.datasquiz.net:5143/-/ready`, ca);
    expect(ready.status).toBe(200);
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.filter((answer) => answer !== 200)).toEqual([]);
  });

  it('answers under a new domain after a reload, in the same container', async () => {
    const before = await docker.getContainer('caddy-tenant-1002').inspect();
    await here.aiplat('setup', '--tenant', TWO, '--domain', 'ai.example.org');
    const { exitCode, stderr } = await deploy(TWO);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('reload config caddy-tenant-1002  changed: caddy/Caddyfile');
    const index = await ask('127.0.0.1', 'https://ai.example.org:5143/', await authorityOf(here, TWO));
    expect(index.status).toBe(200);
    const after = await docker.getContainer('caddy-tenant-1002').inspect();
    expect([after.Id, after.State.StartedAt]).toEqual([before.Id, before.State.StartedAt]);
  });

  it('is reported with exit 4 when a service is down, and mended by a deploy', async () => {
    await docker.getContainer('tenant-1001-chroma').stop();
    const status = await here.aiplat('ops', 'status', '--tenant', ONE);
    expect(status.exitCode).toBe(4);
    expect(status.stderr).toContain('aiplat ops logs chroma --tenant tenant-1001');
    const { exitCode, stderr } = await deploy(ONE);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('start container tenant-1001-chroma  not up: Exited');
  });

  it('shows the log of a service', async () => {
    const { exitCode, stdout } = await here.aiplat(
      'ops',
      'logs',
      'prometheus',
      '--tenant',
      ONE,
      '--tail',
      '500',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Server is ready to receive web requests');
  });

  it('is changed by one command at a time', async () => {
    await here.editEnv(ONE, (text) => text.replace(/^SERVICES=.*$/m, 'SERVICES=caddy,prometheus,valkey'));
    const results = await Promise.all([deploy(ONE), deploy(ONE), deploy(ONE, '--wait-lock', '120')]);
    const codes = results.map(({ exitCode }) => exitCode);
    // Whichever comes first: the patient one is done, the others are done or told who is at it.
    expect(codes[2], results[2]?.stderr).toBe(0);
    expect(codes.filter((code) => code !== 0 && code !== 5)).toEqual([]);
    const busy = results.find(({ exitCode }) => exitCode === 5);
    expect(busy?.stderr).toMatch(
      /tenant-1001 is busy\.[\s\S]*aiplat deploy --tenant tenant-1001[\s\S]*pid \d+/,
    );
  });
});

describe('what is in the way', () => {
  it('of a port that was taken between setup and deploy is named, and setup moves the service', async () => {
    const tenant = FAR;
    await here.aiplat('teardown', '--tenant', tenant);
    const squatter = createServer().listen(5000, '127.0.1.1');
    try {
      const refused = await deploy(tenant);
      expect(refused.exitCode).toBe(3);
      expect(refused.stderr).toContain('port 5000 (prometheus) is taken');
      expect(refused.stderr).toContain(`pid ${process.pid}`);
      expect(await containersOf(tenant)).toEqual([]);
      const moved = await here.aiplat('setup', '--tenant', tenant);
      expect(moved.stderr).toContain('PROMETHEUS_PORT moves from 5000 to 5011');
      const { exitCode, stderr } = await deploy(tenant);
      expect(exitCode, stderr).toBe(0);
    } finally {
      squatter.close();
    }
  });

  it('of a network of the same name from someone else is refused, not adopted', async () => {
    await here.aiplat('teardown', '--tenant', FAR);
    const network = await docker.createNetwork({ Name: 'ai-platform-1278' });
    try {
      const { exitCode, stderr } = await deploy(FAR);
      expect(exitCode).toBe(3);
      expect(stderr).toContain('the network ai-platform-1278 belongs to someone else');
      expect(await containersOf(FAR)).toEqual([]);
      expect((await network.inspect()).Id).toBe(network.id);
    } finally {
      await network.remove();
    }
  });
});

describe('teardown', () => {
  it('leaves no object by label and by name, keeps the data, and may be run twice', async () => {
    for (const tenant of TENANTS) {
      const { exitCode, stderr } = await here.aiplat('teardown', '--tenant', tenant);
      expect(exitCode, stderr).toBe(0);
      expect(await containersOf(tenant)).toEqual([]);
    }
    const all = await docker.listContainers({ all: true });
    expect(all.flatMap(({ Names }) => Names).filter((name) => /tenant-(1001|1002|1278)/.test(name))).toEqual(
      [],
    );
    const networks = await docker.listNetworks();
    expect(networks.filter(({ Name }) => /^ai-platform-(1001|1002|1278)$/.test(Name))).toEqual([]);
    expect((await stat(join(here.dir, `mnt/data-${ONE}/data/prometheus`))).isDirectory()).toBe(true);
    expect((await here.aiplat('teardown', '--tenant', ONE)).stdout).toContain('Nothing to do');
  });

  it('deletes data only for a name that was typed', async () => {
    expect((await here.aiplat('teardown', '--tenant', ONE, '--delete-data')).exitCode).toBe(2);
    expect((await here.aiplat('teardown', '--tenant', ONE, '--delete-data', '--confirm', TWO)).exitCode).toBe(
      2,
    );
    expect((await stat(join(here.dir, `mnt/data-${ONE}/config/.env`))).isFile()).toBe(true);
    expect((await here.aiplat('teardown', '--tenant', ONE, '--delete-data', '--confirm', ONE)).exitCode).toBe(
      0,
    );
    await expect(stat(join(here.dir, `mnt/data-${ONE}`))).rejects.toThrow('ENOENT');
  });
});
