import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  deployedMachine,
  deployOf,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

/** The next one, and one with the same port block on another loopback address. */
const OTHERS = ['tenant-1002', 'tenant-1278'];

async function addTenant(host: FakeHost, tenant: string): Promise<void> {
  host.files.put(`/mnt/data-${tenant}`);
  host.files.mountPoints.add(`/mnt/data-${tenant}`);
  await succeed(host, setupOf({ tenant, services: ['caddy', 'n8n'], vectorDb: 'chroma' }));
  await succeed(host, deployOf({ tenant }));
}

/** All on the machine that names this tenant or one of its numbers. */
const belongings = (host: FakeHost, tenant: string): string[] =>
  JSON.stringify(snapshot(host), null, 1)
    .split('\n')
    // One text for all tenants.
    .filter((line) => !line.includes('table inet aiplat'))
    .filter((line) => line.includes(tenant) || line.includes(`-${tenant.split('-')[1]}`));

describe.each(OTHERS)('%s beside tenant-1001', (other) => {
  it('runs the same services at the same time', async () => {
    const host = await deployedMachine();
    await addTenant(host, other);
    for (const name of [`${TENANT}-n8n`, `${other}-n8n`, `caddy-${TENANT}`, `caddy-${other}`])
      expect(host.docker.containers.healthOf(name), name).toBe('healthy');
  });

  it('is changed by no deploy, setup or teardown of tenant-1001', async () => {
    const host = await deployedMachine();
    await addTenant(host, other);
    const before = belongings(host, other);
    expect(before.length).toBeGreaterThan(10);
    await succeed(host, setupOf({ services: ['caddy', 'n8n', 'flowise'] }));
    await succeed(host, deployOf());
    await succeed(host, teardownOf({ deleteData: true, confirm: TENANT }));
    expect(belongings(host, other)).toEqual(before);
    const [uid] = /\d+$/.exec(other) ?? [];
    expect(host.packetFilter.text).toContain(`tenants { type uid; elements = { ${uid} } }`);
  });

  it('shares no address, network, directory or secret with tenant-1001', async () => {
    const host = await deployedMachine();
    host.seed = 'two';
    await addTenant(host, other);
    const specs = (tenant: string) =>
      host.docker.containers.all.map(({ spec }) => spec).filter(({ name }) => name.includes(tenant));
    const traits = (tenant: string): string[] =>
      specs(tenant).flatMap(({ network, user, mounts, ports }) => [
        network,
        user,
        ...mounts.map(({ source }) => source),
        ...ports.map(({ address, port }) => `${address}:${port}`),
      ]);
    expect(traits(other).filter((trait) => traits(TENANT).includes(trait))).toEqual([]);
    const secrets = (tenant: string): string[] =>
      host.files
        .text(`/mnt/data-${tenant}/config/.env`)
        ?.match(/(?<=^\w+_(?:PASSWORD|KEY|TOKEN|SECRET|SECRETKEY)=).{8,}$/gm) ?? [];
    expect(secrets(other).length).toBeGreaterThan(3);
    expect(secrets(other).filter((secret) => secrets(TENANT).includes(secret))).toEqual([]);
  });
});

describe('what someone else made', () => {
  it('under the name of the network is refused with exit 3, and nothing is touched', async () => {
    const host = await setUpMachine();
    host.docker.networks.put({
      name: 'ai-platform-1001',
      subnet: '10.128.0.0/25',
      gateway: '10.128.0.1',
      bridge: 'br-stranger',
      labels: {},
    });
    const before = snapshot(host);
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('the network ai-platform-1001 belongs to someone else');
    expect(snapshot(host)).toEqual(before);
  });

  it('on a network with another subnet is told from a changed "subnetPool": exit 3', async () => {
    const host = await deployedMachine();
    host.files.put('/etc/aiplat/config.json', { text: '{"subnetPool": "10.64.0.0/10"}' });
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('has another subnet');
  });
});
