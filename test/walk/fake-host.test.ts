import { beforeEach, describe, expect, it } from 'vitest';
import type { ContainerSpec, NetworkSpec } from '../../src/host/docker.ts';
import { FakeHost } from '../fake/fake-host.ts';
import { Killed } from '../fake/life.ts';
import { sampleStack } from '../unit/sample.ts';

const stack = sampleStack({ services: ['n8n', 'chroma'] });
const [n8n, chroma] = stack.services.map(({ container }) => container) as [ContainerSpec, ContainerSpec];
const { network } = stack;

let host: FakeHost;
beforeEach(() => {
  host = new FakeHost();
  host.docker.networks.put(network);
  host.slices.all.set(stack.slice.parent, stack.slice.limits);
  for (const name of stack.profiles?.names ?? []) host.apparmor.profiles?.set(name, 'enforce');
  for (const { image, mounts } of [n8n, chroma]) {
    host.docker.images.put(image);
    for (const { source } of mounts) host.files.put(source);
  }
});

const run = async (spec: ContainerSpec): Promise<string> => {
  const id = await host.docker.createContainer(spec);
  await host.docker.startContainer(id);
  return id;
};

describe('the fake engine refuses what a real one refuses', () => {
  const other: NetworkSpec = { ...network, name: 'other', bridge: 'other', subnet: '172.30.0.0/24' };

  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['a second container of one name', /already in use/, async () => [await run(n8n), await run(n8n)]],
    ['an image that is not there', /No such image/, () => run({ ...n8n, image: 'nothing:1' })],
    ['a mount without a source', /does not exist/, () => run({ ...n8n, mounts: [mount('/nowhere')] })],
    ['a network that is not there', /not found/, () => run({ ...n8n, network: 'nothing' })],
    [
      'a port that a program has',
      /already allocated/,
      () => {
        host.sockets.programs.push({ address: '0.0.0.0', port: 5002, holder: 'nginx' });
        return run(n8n);
      },
    ],
    [
      'a port that a running container has',
      /already allocated/,
      async () => {
        await run({ ...n8n, name: 'first', mounts: [] });
        return run(n8n);
      },
    ],
    [
      'a rename to a name that is taken',
      /already in use/,
      async () => {
        await run(chroma);
        return host.docker.renameContainer(await host.docker.createContainer(n8n), chroma.name);
      },
    ],
    ['a second network of one name', /already exists/, () => host.docker.createNetwork(network)],
    [
      'a subnet that overlaps',
      /overlaps/,
      () => host.docker.createNetwork({ ...other, subnet: '10.128.0.64/26' }),
    ],
    [
      'a bridge whose name is too long',
      /bridge/,
      () => host.docker.createNetwork({ ...other, bridge: 'b'.repeat(16) }),
    ],
    [
      'the end of a network in use',
      /active endpoints/,
      async () => {
        await run(n8n);
        return host.docker.removeNetwork(host.docker.networks.all[0]?.id ?? '');
      },
    ],
    [
      'a command in a container that does not run',
      /is created/,
      async () => host.docker.exec(await host.docker.createContainer(n8n), ['true']),
    ],
    [
      'the end of an image in use',
      /in use/,
      async () => [await run(n8n), await host.docker.removeImage(n8n.image)],
    ],
  ])('%s', async (_title, says, call) => {
    await expect(call()).rejects.toMatchObject({ exitCode: 1, why: expect.stringMatching(says) });
  });

  it('and answers nothing when it is away', async () => {
    host.docker.link.isAway = true;
    await expect(host.docker.listNetworks()).rejects.toMatchObject({ exitCode: 3 });
    await expect(host.docker.createNetwork(other)).rejects.toMatchObject({ exitCode: 3 });
  });
});

describe('the fake kernel refuses what a real one refuses', () => {
  const DISK = '/dev/nvme1n1';
  beforeEach(() => {
    host.disks.put(DISK);
  });
  const make = (label = 'tenant-1001') => host.disks.makeExt4(DISK, label, 'u');

  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['a file system over another', /is not blank/, async () => [await make(), await make()]],
    ['a label of 17 bytes', /does not fit/, () => make('t'.repeat(17))],
    [
      'a file system under partitions',
      /in use by the system/,
      () => {
        host.disks.put('/dev/sdb', { children: [{ path: '/dev/sdb1', kind: 'part' }] });
        return host.disks.makeExt4('/dev/sdb', 'x', 'u');
      },
    ],
    ['a mount without a file system', /wrong fs type/, () => host.mounts.mount(DISK, '/mnt/a', [])],
    ['a disk that is not there', /No such file/, () => host.mounts.mount('/dev/x', '/mnt/a', [])],
    [
      'a second mount at one place',
      /already mounted/,
      async () => {
        await make();
        await host.mounts.mount(DISK, '/mnt/a', []);
        return host.mounts.mount(DISK, '/mnt/a', []);
      },
    ],
    ['an unmount of nothing', /not mounted/, () => host.mounts.unmount('/mnt/a')],
    ['growth of what is not mounted', /e2fsck/, async () => [await make(), await host.disks.growExt4(DISK)]],
  ])('%s', async (_title, says, call) => {
    await expect(call()).rejects.toMatchObject({ exitCode: 1, why: expect.stringMatching(says) });
  });

  it('and brings back what a mount has hidden, and on the disk what was written', async () => {
    await make();
    host.files.put('/mnt/a/below', { text: 'hidden' });
    await host.mounts.mount(DISK, '/mnt/a', []);
    expect(await host.files.list('/mnt/a')).toEqual(['lost+found']);
    host.files.put('/mnt/a/above', { text: 'on the disk' });
    await host.mounts.unmount('/mnt/a');
    expect(await host.files.list('/mnt/a')).toEqual(['below']);
    await host.mounts.mount(DISK, '/mnt/b', []);
    expect(host.files.text('/mnt/b/above')).toBe('on the disk');
  });
});

const mount = (source: string) => ({ source, target: '/data', readOnly: false });

describe('a process that is killed', () => {
  it.each([
    ['before', false],
    ['after', true],
  ] as const)('right %s a change gets no answer any more, to nothing', async (moment, isDone) => {
    host.killAt(2, moment);
    const id = await host.docker.createContainer(n8n);
    await expect(host.docker.startContainer(id)).rejects.toThrow(Killed);
    expect(host.docker.containers.named(n8n.name)?.state).toBe(isDone ? 'running' : 'created');
    await expect(host.docker.listContainers({})).rejects.toThrow(Killed);
    await expect(host.files.stat('/')).rejects.toThrow(Killed);
    await expect(host.clock.sleep(1)).rejects.toThrow(Killed);
    host.startProcess();
    expect(await host.docker.listContainers({})).toHaveLength(1);
  });
});

describe('time', () => {
  it('passes once for all who sleep side by side', async () => {
    const before = host.clock.now().getTime();
    await Promise.all([host.clock.sleep(1000), host.clock.sleep(3000), host.clock.sleep(2000)]);
    expect(host.clock.now().getTime() - before).toBe(3000);
  });

  it('makes a program healthy when its time has come', async () => {
    host.docker.containers.behaviours.set('n8n', { kind: 'healthy', afterMs: 5000 });
    await run(n8n);
    expect(host.docker.containers.healthOf(n8n.name)).toBe('starting');
    await host.clock.sleep(5000);
    expect(host.docker.containers.healthOf(n8n.name)).toBe('healthy');
  });
});
