import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import { ext4Contents } from '../fake/fake-storage.ts';
import {
  BASE_DIR,
  buildOf,
  deployedOnVolume,
  deployOf,
  ENV_PATH,
  moveVolume,
  OLD_FSTAB,
  RECORD_PATH,
  SERIAL,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
  VOLUME_DISK,
  volumeMachine,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const ALL_DATA = { deleteData: true, confirm: TENANT };
const fstabOf = (host: FakeHost): string => host.files.text('/etc/fstab') ?? '';
const uuidOf = (host: FakeHost): string => host.disks.at(VOLUME_DISK).contents.ext4?.uuid ?? '';
const record = (host: FakeHost, text: object): void =>
  host.files.put(RECORD_PATH, { text: JSON.stringify(text) });

/** Runs a command that has to refuse and to leave everything as it is. */
async function refused(host: FakeHost, work: ReturnType<typeof setupOf>): Promise<string> {
  const before = snapshot(host);
  const { exit, err, changes } = await runCommand(host, work);
  expect([exit, changes]).toEqual([3, []]);
  expect(snapshot(host)).toEqual(before);
  return err;
}

describe('a setup with a blank disk', () => {
  it('makes the file system, the line in fstab and the mount, says why, and then has nothing to do', async () => {
    const host = volumeMachine();
    const { err } = await succeed(host, setupOf());
    expect(host.disks.at(VOLUME_DISK).contents.ext4?.label).toBe(TENANT);
    expect(host.mounts.all).toMatchObject([
      { target: BASE_DIR, source: VOLUME_DISK, options: ['rw', 'nodev', 'nosuid'] },
    ]);
    expect(err).toContain(`make file system ${VOLUME_DISK}  blank, and the volume of ${TENANT}`);
    expect(err).toContain(`mount volume ${BASE_DIR}  vol-0123456789abcdef0 (${VOLUME_DISK}) is not mounted`);
    expect((await succeed(host, setupOf())).changes).toEqual([]);
    await succeed(host, buildOf());
    await succeed(host, deployOf());
  });

  it('writes one line into fstab and keeps all other bytes, the owner and the mode', async () => {
    const host = volumeMachine();
    await succeed(host, setupOf());
    expect(fstabOf(host)).toMatch(
      new RegExp(
        `^UUID=${uuidOf(host)} ${BASE_DIR} ext4 nofail,nodev,nosuid,x-systemd.before=docker.service,\\S+ 0 2$`,
        'm',
      ),
    );
    expect(fstabOf(host).startsWith(`${OLD_FSTAB}\n`)).toBe(true);
    expect(host.files.tree.get('/etc/fstab')).toMatchObject({ uid: 0, gid: 6, mode: 0o640 });
  });

  it('draws a proper UUID', async () => {
    const host = volumeMachine();
    await succeed(host, setupOf());
    expect(uuidOf(host)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('shows all of it, the .env included, and changes nothing when dry', async () => {
    const host = volumeMachine();
    const { out, changes } = await succeed(host, setupOf({ dryRun: true }));
    expect(changes).toEqual([]);
    const doing = ['make file system', 'write fstab', 'mount volume', 'create directory', 'write file'];
    const at = doing.map((words) => out.indexOf(words));
    expect(at).toEqual([...at].sort((one, other) => one - other));
    expect(at[0]).toBeGreaterThan(0);
  });

  it('refuses choices that cannot be before it touches the disk: exit 2', async () => {
    const { exit, changes } = await runCommand(volumeMachine(), setupOf({ domain: '../../etc' }));
    expect([exit, changes]).toEqual([2, []]);
  });

  it('comes back after a reboot, before anything else is done', async () => {
    const host = await deployedOnVolume();
    const before = snapshot(host);
    host.mounts.reboot();
    expect(host.files.text(ENV_PATH)).toContain('STACK_USER_UID=1001');
    await succeed(host, setupOf());
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });

  it.each([true, false])(
    'uses the volume of the record also with "requireMount": %s',
    async (requireMount) => {
      const host = volumeMachine({ requireMount });
      expect(await refused(host, deployOf())).toContain(`aiplat setup --tenant ${TENANT}`);
      await succeed(host, setupOf());
      expect(host.mounts.all).toHaveLength(1);
    },
  );

  it('finds a disk without a serial number by the name that EBS gave it', async () => {
    const host = volumeMachine();
    record(host, { device: '/dev/sdf' });
    host.disks.put('/dev/xvdf');
    await succeed(host, setupOf());
    expect(host.mounts.all).toMatchObject([{ source: '/dev/xvdf' }]);
  });
});

describe('a volume that was moved from another host', () => {
  it('is mounted as it is, and every secret on it stays', async () => {
    const from = await deployedOnVolume();
    const env = from.files.text(ENV_PATH);
    const host = await moveVolume(from);
    host.seed = 'two';
    const { changes } = await succeed(host, setupOf());
    expect(changes).toEqual(['write /etc/fstab', `mount ${VOLUME_DISK} at ${BASE_DIR}`]);
    expect(host.files.text(ENV_PATH)).toBe(env);
    expect((await succeed(host, setupOf())).changes).toEqual([]);
    await succeed(host, deployOf());
  });

  it('has its own steps shown when dry, for nobody knows yet what is on it', async () => {
    const host = await moveVolume(await deployedOnVolume());
    const { out, changes } = await succeed(host, setupOf({ dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/write fstab[\s\S]*mount volume[\s\S]*depends on what the volume holds/);
    expect(out).not.toContain('write file');
  });

  it('is not mounted for choices that cannot be: exit 2', async () => {
    const host = await moveVolume(await deployedOnVolume());
    const { exit, changes } = await runCommand(host, setupOf({ domain: '../../etc' }));
    expect([exit, changes]).toEqual([2, []]);
  });

  it('and that somebody unmounts again at once is not taken for an empty one: exit 3', async () => {
    const host = await moveVolume(await deployedOnVolume());
    const { stat } = host.files;
    // The first look after the mount, for the questions of a setup.
    host.files.stat = (path) => {
      if (host.mounts.all.length > 0) host.mounts.unmountNow(BASE_DIR);
      return stat.call(host.files, path);
    };
    const { exit, err } = await runCommand(host, setupOf());
    expect([exit, err]).toEqual([3, expect.stringContaining('was unmounted while setup was at work')]);
    expect(host.disks.at(VOLUME_DISK).tree.has('/config/.env')).toBe(true);
  });

  it('that has another number of the same name takes the place of the old line in fstab', async () => {
    const host = await moveVolume(await deployedOnVolume());
    host.files.put('/etc/fstab', { text: `a\nUUID=old ${BASE_DIR} ext4 nofail 0 2\nb\n` });
    const { err } = await succeed(host, setupOf());
    expect(err).toContain('its line names UUID=old');
    expect(fstabOf(host)).toMatch(new RegExp(`^a\nUUID=${uuidOf(host)} .*\nb\n$`));
  });
});

describe('a volume that is there already', () => {
  it('and has grown is grown online, once', async () => {
    const host = await deployedOnVolume();
    host.disks.at(VOLUME_DISK).sizeBytes *= 2;
    const { err, changes } = await succeed(host, setupOf());
    expect(changes).toEqual([`grow ext4 on ${VOLUME_DISK}`]);
    expect(err).toContain('its disk has 2048 MiB, its file system 1024 MiB');
    expect((await succeed(host, setupOf())).changes).toEqual([]);
  });

  it('and is larger by less than the file system can use is left alone', async () => {
    const host = await deployedOnVolume();
    host.disks.at(VOLUME_DISK).sizeBytes += 1024 ** 2;
    expect((await succeed(host, setupOf())).changes).toEqual([]);
  });

  it('and was mounted by hand without the options gets them, and its line', async () => {
    const host = volumeMachine();
    host.disks.at(VOLUME_DISK).contents = ext4Contents(TENANT, 'u-u-i-d', 1024 ** 3);
    host.mounts.put(VOLUME_DISK, BASE_DIR, []);
    const { err } = await succeed(host, setupOf());
    expect(err).toContain('mounted without nodev, nosuid');
    expect(host.mounts.all).toMatchObject([{ options: ['rw', 'nodev', 'nosuid'] }]);
    expect(fstabOf(host)).toContain('UUID=u-u-i-d ');
  });
});

describe('a disk that is not to be touched', () => {
  it.each<[string, (host: FakeHost) => void, RegExp]>([
    [
      'is not there',
      (host) => record(host, { volume: 'vol0fff' }),
      /vol0fff is not attached[\s\S]*nvme1n1 \(vol0123456789abcdef0, 1\.0 GiB\)/,
    ],
    ['is the disk of the host', (host) => record(host, { device: '/dev/nvme0n1' }), /is not blank[\s\S]*gpt/],
    [
      'holds a foreign file system',
      ({ disks }) => (disks.at(VOLUME_DISK).contents = { signatures: ['xfs'], ext4: undefined }),
      /is not blank[\s\S]*xfs/,
    ],
    [
      'is the volume of another tenant',
      ({ disks }) => (disks.at(VOLUME_DISK).contents = ext4Contents('tenant-1002', 'u', 1)),
      /with the label tenant-1002/,
    ],
    [
      'is mounted elsewhere',
      (host) => {
        host.disks.at(VOLUME_DISK).contents = ext4Contents(TENANT, 'u', 1024 ** 3);
        host.mounts.put(VOLUME_DISK, '/srv', []);
      },
      /It is mounted at \/srv/,
    ],
    [
      'has another one mounted in its place',
      (host) => {
        host.disks.put('/dev/nvme2n1', { contents: ext4Contents(TENANT, 'u', 1024 ** 3) });
        host.mounts.put('/dev/nvme2n1', BASE_DIR, []);
      },
      /another disk is mounted[\s\S]*nvme2n1/,
    ],
    [
      'would hide files of the host',
      ({ files }) => files.put(`${BASE_DIR}/config/.env`, { text: '' }),
      /is not empty/,
    ],
  ])('because it %s keeps setup from doing anything: exit 3', async (_why, plant, says) => {
    for (const options of [{}, { dryRun: true }]) {
      const host = volumeMachine();
      plant(host);
      expect(await refused(host, setupOf(options))).toMatch(says);
    }
  });
});

describe('a deploy', () => {
  it.each<[string, (host: FakeHost) => void, RegExp]>([
    [
      'no volume is mounted',
      (host) => host.mounts.unmountNow(BASE_DIR),
      /no volume is mounted[\s\S]*aiplat setup/,
    ],
    [
      'the record names another disk',
      (host) => record(host, { volume: 'vol00000000000000001' }),
      /another disk is mounted[\s\S]*aiplat setup/,
    ],
    [
      'the disk was detached',
      ({ disks }) => (disks.all = disks.all.slice(0, 1)),
      /is not attached[\s\S]*aiplat setup/,
    ],
  ])('is refused when %s: exit 3', async (_when, plant, says) => {
    const host = await deployedOnVolume();
    plant(host);
    expect(await refused(host, deployOf())).toMatch(says);
  });
});

describe('a teardown', () => {
  it('leaves the volume mounted', async () => {
    const host = await deployedOnVolume();
    await succeed(host, teardownOf(ALL_DATA));
    expect(host.mounts.all).toHaveLength(1);
    expect(fstabOf(host)).toContain(BASE_DIR);
  });

  it('that releases it unmounts it after all containers are gone and leaves fstab as it was found', async () => {
    const host = await deployedOnVolume();
    const { changes, out } = await succeed(host, teardownOf({ releaseVolume: true }));
    expect(changes.slice(-3)).toEqual([
      'write /etc/fstab',
      `unmount ${BASE_DIR}`,
      `remove empty ${BASE_DIR}`,
    ]);
    expect(out).toContain('The data stays on its volume');
    expect([fstabOf(host), host.files.below(BASE_DIR), host.mounts.all]).toEqual([OLD_FSTAB, [], []]);
    const disk = host.disks.at(VOLUME_DISK);
    expect([disk.contents.ext4?.label, disk.tree.has('/config/.env')]).toEqual([TENANT, true]);
    expect((await succeed(host, teardownOf({ releaseVolume: true }))).changes).toEqual([]);
  });

  it('that deletes the data, too, leaves an empty file system with its label', async () => {
    const host = await deployedOnVolume();
    await succeed(host, teardownOf({ releaseVolume: true, ...ALL_DATA }));
    const disk = host.disks.at(VOLUME_DISK);
    expect([disk.contents.ext4?.label, [...disk.tree.keys()].sort()]).toEqual([TENANT, ['', '/lost+found']]);
    const again = await succeed(host, teardownOf({ releaseVolume: true, ...ALL_DATA }));
    expect([again.changes, again.err]).toEqual([[], expect.stringContaining('released already')]);
  });

  it('of data on a volume that is only not mounted says so, and does not call it deleted: exit 3', async () => {
    const host = await deployedOnVolume();
    host.mounts.unmountNow(BASE_DIR);
    const work = teardownOf({ releaseVolume: true, ...ALL_DATA });
    expect(await refused(host, work)).toContain('no volume is mounted');
  });

  it('names who holds the volume, forces nothing, and finishes when it is free: exit 1', async () => {
    const host = await deployedOnVolume();
    host.mounts.holders.set(BASE_DIR, 'bash (pid 4711)');
    const { exit, err } = await runCommand(host, teardownOf({ releaseVolume: true }));
    expect([exit, err]).toEqual([1, expect.stringContaining('bash (pid 4711)')]);
    expect(host.mounts.all).toHaveLength(1);
    host.mounts.holders.clear();
    await succeed(host, teardownOf({ releaseVolume: true }));
    expect([host.mounts.all, host.files.below(BASE_DIR)]).toEqual([[], []]);
  });

  it('releases no disk that is not the tenant’s: exit 3', async () => {
    const host = await deployedOnVolume();
    record(host, { volume: 'vol00000000000000001' });
    expect(await refused(host, teardownOf({ releaseVolume: true }))).toContain('another disk is mounted');
  });

  it('releases nothing where the record names no volume: exit 2', async () => {
    const host = await deployedOnVolume();
    record(host, {});
    const { exit, changes } = await runCommand(host, teardownOf({ releaseVolume: true }));
    expect([exit, changes]).toEqual([2, []]);
  });

  it('and another setup bring the same tenant back', async () => {
    const host = await deployedOnVolume();
    const before = snapshot(host);
    await succeed(host, teardownOf({ releaseVolume: true }));
    await succeed(host, setupOf());
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
  });
});

describe('two tenants', () => {
  it('have a volume each, and one teardown leaves the other’s alone', async () => {
    const host = await deployedOnVolume();
    const wanted = fstabOf(host);
    host.files.put('/etc/aiplat/tenants/tenant-1002.json', { text: '{"volume": "vol0fedcba9876543210"}' });
    host.disks.put('/dev/nvme2n1', { serial: 'vol0fedcba9876543210' });
    await succeed(host, setupOf({ tenant: 'tenant-1002' }));
    expect(host.mounts.all.map(({ source, target }) => [source, target])).toEqual([
      [VOLUME_DISK, BASE_DIR],
      ['/dev/nvme2n1', '/mnt/data-tenant-1002'],
    ]);
    await succeed(host, teardownOf({ tenant: 'tenant-1002', releaseVolume: true }));
    expect([fstabOf(host), host.mounts.all.length, SERIAL]).toEqual([
      wanted,
      1,
      host.disks.at(VOLUME_DISK).serial,
    ]);
  });
});
