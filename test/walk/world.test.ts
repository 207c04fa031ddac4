import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import { BASE_DIR, deployedMachine, deployOf, editEnv, setUpMachine, succeed } from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const stopAll = ({ docker }: FakeHost): void => {
  for (const container of docker.containers.all) container.state = 'exited';
};

/** `docker network prune`: goes for every network on which nothing runs. */
const pruneNetworks = ({ docker }: FakeHost): void => {
  docker.networks.all = docker.networks.all.filter(({ name }) => docker.networks.inUse().has(name));
};

describe('a machine on which others work too', () => {
  it('that was started again with all containers stopped runs the same stack after one deploy', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    stopAll(host);
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });

  it('that lost the network of a stopped stack by `docker network prune` runs it after one deploy', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    stopAll(host);
    pruneNetworks(host);
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('that lost the network runs the stack also when the first deploy afterwards is killed', async () => {
    const wanted = snapshot(await deployedMachine());
    for (let n = 1, survived = false; !survived; n++) {
      const host = await deployedMachine();
      stopAll(host);
      pruneNetworks(host);
      host.startProcess();
      host.killAt(n, 'after');
      survived = (await goOn(host, deployOf())).exit === 0;
      await succeed(host, deployOf());
      expect(snapshot(host), `killed after change ${n}`).toEqual(wanted);
    }
  });

  it('on which somebody paused a container has it running after one deploy', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    const container = host.docker.containers.named('tenant-1001-n8n');
    if (container !== undefined) container.state = 'paused';
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });

  it('on which somebody paused a container can still replace it', async () => {
    const host = await deployedMachine();
    const container = host.docker.containers.named('tenant-1001-n8n');
    if (container !== undefined) container.state = 'paused';
    editEnv(host, { N8N_PORT: '5050' });
    await succeed(host, deployOf());
    expect(host.docker.containers.healthOf('tenant-1001-n8n')).toBe('healthy');
  });

  it('on which somebody opened a data directory to others has it closed after one deploy', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    host.files.put('/mnt/data-tenant-1001/data/n8n', { uid: 0, gid: 0, mode: 0o777 });
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });

  it('on which a file stands in the place of a data directory says so, and mounts it nowhere', async () => {
    const host = await setUpMachine();
    host.files.put(`${BASE_DIR}/data/n8n`, { text: '', uid: 1001, gid: 1001, mode: 0o700 });
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([1, expect.stringContaining('data/n8n is no directory')]);
    expect(host.docker.containers.named('tenant-1001-n8n')).toBeUndefined();
  });

  it('on which somebody lost the images needs them only for what is made anew', async () => {
    const host = await deployedMachine();
    host.docker.images.local.clear();
    const { changes } = await succeed(host, deployOf());
    expect(changes.filter((change) => !change.startsWith('pull '))).toEqual([]);
  });
});
