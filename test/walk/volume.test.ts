import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  freshMachine,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const ALL_DATA = teardownOf({ deleteData: true, confirm: TENANT });

/** Takes the volume away: what is left is the empty directory of the host on which it was mounted. */
function unmount(host: FakeHost): FakeHost {
  host.files.mountPoints.delete(BASE_DIR);
  for (const path of host.files.below(BASE_DIR)) if (path !== BASE_DIR) host.files.tree.delete(path);
  return host;
}

describe('a volume that is not mounted', () => {
  it.each([
    ['setup', async () => freshMachine(), setupOf()],
    ['deploy', deployedMachine, deployOf()],
    // The data is on the volume: whoever says that it is gone now says something false.
    ['teardown --delete-data', deployedMachine, ALL_DATA],
  ])('keeps %s from doing anything: exit 3', async (_name, machine, work) => {
    const host = unmount(await machine());
    const before = snapshot(host);
    const { exit, err, changes } = await runCommand(host, work);
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain(`no volume is mounted at ${BASE_DIR}`);
    expect(snapshot(host)).toEqual(before);
  });

  it('keeps no teardown from removing the stack', async () => {
    const host = unmount(await deployedMachine());
    await succeed(host, teardownOf());
    expect([host.docker.containers.all, host.docker.networks.all]).toEqual([[], []]);
  });

  it('is no hindrance where the host config asks for none', async () => {
    const host = unmount(freshMachine({ requireMount: false }));
    await succeed(host, setupOf({ services: ['caddy'] }));
    await succeed(host, deployOf());
    await succeed(host, ALL_DATA);
    expect(host.files.below(BASE_DIR)).toEqual([]);
  });

  it('and its mount point may be missing too', async () => {
    const host = unmount(freshMachine());
    host.files.tree.delete(BASE_DIR);
    const { exit, changes } = await runCommand(host, setupOf());
    expect([exit, changes]).toEqual([3, []]);
  });
});
