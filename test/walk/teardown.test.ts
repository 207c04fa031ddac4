import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  ENV_PATH,
  SERVICES,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const STATE = `/var/lib/aiplat/tenants/${TENANT}`;
const ALL_DATA = { deleteData: true, confirm: TENANT };

/** Adds another tenant, who runs the same services. */
async function withNeighbour(host: FakeHost, name: string): Promise<FakeHost> {
  host.files.put(`/mnt/data-${name}`);
  host.files.mountPoints.add(`/mnt/data-${name}`);
  await succeed(host, setupOf({ tenant: name, services: SERVICES, vectorDb: 'chroma' }));
  await succeed(host, deployOf({ tenant: name }));
  return host;
}

describe('a teardown', () => {
  it('removes containers, network and rendered files, and keeps data and .env', async () => {
    const host = await deployedMachine();
    host.files.put(`${BASE_DIR}/data/n8n/database.sqlite`, { text: 'mine', uid: 1001, gid: 1001 });
    const { out } = await succeed(host, teardownOf());
    expect(out).toContain(`${TENANT} is gone. The data stays in ${BASE_DIR}.`);
    expect([host.docker.containers.all, host.docker.networks.all]).toEqual([[], []]);
    expect(host.files.below(STATE)).toEqual([]);
    expect(host.files.text(`${BASE_DIR}/data/n8n/database.sqlite`)).toBe('mine');
    expect(host.files.tree.has(ENV_PATH)).toBe(true);
  });

  it('run again has nothing to do', async () => {
    const host = await deployedMachine();
    await succeed(host, teardownOf());
    const { changes, out } = await succeed(host, teardownOf());
    expect([changes, out]).toEqual([[], expect.stringContaining('Nothing to do')]);
  });

  it('and a deploy after it bring the same stack back, with the same secrets', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    await succeed(host, teardownOf());
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });

  it('with all data leaves the volume mounted and what aiplat did not make', async () => {
    const host = await deployedMachine();
    host.files.put(`${BASE_DIR}/lost+found`);
    await succeed(host, teardownOf(ALL_DATA));
    expect(host.files.below(BASE_DIR)).toEqual([BASE_DIR, `${BASE_DIR}/lost+found`]);
    expect((await runCommand(host, deployOf())).exit).toBe(3);
  });

  it('also removes what failed or interrupted deploys left', async () => {
    const host = await deployedMachine();
    for (const container of host.docker.containers.all.slice(0, 2)) container.name += '.previous';
    await succeed(host, teardownOf());
    expect(host.docker.containers.all).toEqual([]);
  });

  it('leaves a network of the same name that aiplat did not make', async () => {
    const host = await deployedMachine();
    const [network] = host.docker.networks.all;
    host.docker.networks.all = host.docker.networks.all.map((one) => ({ ...one, labels: {} }));
    await succeed(host, teardownOf());
    expect(host.docker.networks.all.map(({ id }) => id)).toEqual([network?.id]);
  });
});

describe('another tenant', () => {
  it.each([
    ['tenant-1002', 'the next one'],
    ['tenant-1278', 'one with the same port block'],
    ['tenant-10011', 'one whose name begins the same'],
  ])('%s (%s) runs beside it, and nothing of it goes with a teardown', async (name) => {
    const host = await withNeighbour(await deployedMachine(), name);
    const alone = await withNeighbour(await emptied(), name);
    await succeed(host, teardownOf(ALL_DATA));
    expect(snapshot(host)).toEqual(snapshot(alone));
    expect((await succeed(host, deployOf({ tenant: name }))).changes).toEqual([]);
  });
});

/** The machine of deployedMachine() after everything of the tenant is gone. */
async function emptied(): Promise<FakeHost> {
  const host = await deployedMachine();
  await succeed(host, teardownOf(ALL_DATA));
  return host;
}
