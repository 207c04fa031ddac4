import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realDisks } from '../../../src/host/disks.ts';
import { parseLsblk } from '../../../src/host/lsblk.ts';
import { parseMountinfo } from '../../../src/host/mountinfo.ts';
import { realMounts } from '../../../src/host/mounts.ts';

const MIB = 1024 ** 2;
const UUID = '11111111-2222-4333-8444-555555555555';

describe('what lsblk says', () => {
  const row = (path: string, more: object = {}): object => ({
    path,
    type: 'disk',
    serial: null,
    uuid: null,
    size: 1,
    ro: false,
    'maj:min': '259:0',
    ...more,
  });

  it('is read as whole disks with what lies on them, warnings before it and all', () => {
    const part = row('/dev/nvme0n1p1', { type: 'part' });
    const blockdevices = [
      row('/dev/nvme0n1', { serial: 'vol0123456789abcdef0 ', children: [part] }),
      row('/dev/zram0'),
      row('/dev/sr0', { type: 'rom' }),
      row('/dev/loop0', { type: 'loop', uuid: UUID, ro: true }),
    ];
    const base = { sizeBytes: 1, number: '259:0' };
    expect(parseLsblk(`lsblk: a warning\n${JSON.stringify({ blockdevices })}`)).toEqual([
      {
        ...base,
        path: '/dev/nvme0n1',
        serial: 'vol0123456789abcdef0',
        kind: 'disk',
        isReadOnly: false,
        uuid: undefined,
        children: [{ path: '/dev/nvme0n1p1', kind: 'part' }],
      },
      {
        ...base,
        path: '/dev/loop0',
        serial: undefined,
        kind: 'loop',
        isReadOnly: true,
        uuid: UUID,
        children: [],
      },
    ]);
  });
});

describe('what the kernel says of mounts', () => {
  it('is read with blanks in names and any number of optional fields', () => {
    const text = [
      '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '60 27 259:3 /a\\040b /mnt/with\\040blank ro,nosuid shared:1 master:2 - ext4 /dev/disk\\0401 rw',
    ];
    expect(parseMountinfo(`${text.join('\n')}\n`)).toEqual([
      { number: '254:0', root: '/', target: '/', options: ['rw', 'relatime'], source: '/dev/vda' },
      {
        number: '259:3',
        root: '/a b',
        target: '/mnt/with blank',
        options: ['ro', 'nosuid'],
        source: '/dev/disk 1',
      },
    ]);
  });
});

/** Loop devices need root and a kernel that lets this process make them. */
const canLoop = ((): boolean => {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('losetup', ['--find'], { stdio: 'ignore' });
    execFileSync('mkfs.ext4', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(canLoop)('a real disk', () => {
  let root = '';
  let device = '';
  let target = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'aiplat-storage-'));
    target = join(root, 'mount');
    writeFileSync(join(root, 'disk'), '');
    truncateSync(join(root, 'disk'), 64 * MIB);
    device = execFileSync('losetup', ['--find', '--show', join(root, 'disk')], { encoding: 'utf8' }).trim();
  });

  afterEach(async () => {
    for (const mount of await realMounts.list()) {
      if (mount.target === target) execFileSync('umount', [target]);
    }
    execFileSync('losetup', ['--detach', device]);
    rmSync(root, { recursive: true, force: true });
  });

  const ours = async () => (await realDisks.list()).find(({ path }) => path === device);

  it('is listed with its size, and its number is that of its mount', async () => {
    expect(await ours()).toMatchObject({
      kind: 'loop',
      serial: undefined,
      sizeBytes: 64 * MIB,
      isReadOnly: false,
    });
    await realDisks.makeExt4(device, 'tenant-1001', UUID);
    await realMounts.mount(device, target, ['nodev', 'nosuid']);
    const mount = (await realMounts.list()).find((one) => one.target === target);
    expect(mount).toMatchObject({ number: (await ours())?.number, root: '/', source: device });
    expect(mount?.options).toEqual(expect.arrayContaining(['nodev', 'nosuid']));
  });

  it('that is blank becomes an ext4 with label and UUID, whose root is root’s', async () => {
    expect(await realDisks.contents(device)).toEqual({ signatures: [], ext4: undefined });
    await realDisks.makeExt4(device, 'tenant-65534', UUID);
    const { signatures, ext4 } = await realDisks.contents(device);
    expect([signatures, ext4]).toMatchObject([
      ['ext4'],
      { label: 'tenant-65534', uuid: UUID, sizeBytes: 64 * MIB },
    ]);
    expect(ext4?.groupBytes).toBeGreaterThanOrEqual(8 * MIB);
    await realMounts.mount(device, target, ['nodev', 'nosuid']);
    expect([statSync(target).uid, statSync(target).gid, readdirSync(target)]).toEqual([0, 0, ['lost+found']]);
    expect(await realDisks.contents(device)).toEqual({ signatures, ext4 });
  });

  it.each<[string, (path: string) => void, string]>([
    ['a file system', (path) => execFileSync('mkfs.ext4', ['-q', '-L', 'other', path]), 'ext4'],
    ['swap', (path) => execFileSync('mkswap', [path], { stdio: 'ignore' }), 'swap'],
    ['a partition table', (path) => partitionTable(path), 'dos'],
    ['a trace of LVM', (path) => lvmLabel(path), 'LVM2_member'],
  ])('that holds %s is not formatted: exit 1', async (_what, fill, signature) => {
    fill(device);
    const before = await realDisks.contents(device);
    expect(before.signatures).toContain(signature);
    await expect(realDisks.makeExt4(device, 'tenant-1001', UUID)).rejects.toMatchObject({
      exitCode: 1,
      why: expect.stringContaining(signature),
    });
    expect(await realDisks.contents(device)).toEqual(before);
  });

  it('is not mounted twice, and not where there is no file system: exit 1', async () => {
    await expect(realMounts.mount(device, target, ['nodev'])).rejects.toMatchObject({ exitCode: 1 });
    await realDisks.makeExt4(device, 'tenant-1001', UUID);
    await realMounts.mount(device, target, ['nodev', 'nosuid']);
    await expect(realMounts.mount(device, target, ['nodev'])).rejects.toMatchObject({
      exitCode: 1,
      why: expect.stringContaining('already mounted'),
    });
  });

  it('gets its options without being unmounted', async () => {
    await realDisks.makeExt4(device, 'tenant-1001', UUID);
    await realMounts.mount(device, target, ['noatime']);
    await realMounts.remount(target, ['nodev', 'nosuid']);
    const mount = (await realMounts.list()).find((one) => one.target === target);
    expect(mount?.options).toEqual(expect.arrayContaining(['nodev', 'nosuid']));
  });

  it('in use stays mounted, and whoever holds it is named: exit 1', async () => {
    await realDisks.makeExt4(device, 'tenant-1001', UUID);
    await realMounts.mount(device, target, ['nodev', 'nosuid']);
    const child = spawn('sleep', ['60'], { cwd: target, stdio: 'ignore' });
    await expect(realMounts.unmount(target)).rejects.toMatchObject({
      exitCode: 1,
      what: expect.stringContaining('stays mounted'),
      why: expect.stringContaining(`sleep (pid ${child.pid})`),
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    await realMounts.unmount(target);
    expect(readdirSync(target)).toEqual([]);
  });
});

/** One Linux partition in a table of the oldest kind. */
function partitionTable(path: string): void {
  const sector = Buffer.alloc(512);
  sector.set([0x80, 0, 1, 0, 0x83, 0, 1, 0, 0, 8, 0, 0, 0, 0x80, 0, 0], 446);
  sector.set([0x55, 0xaa], 510);
  execFileSync('dd', [`of=${path}`, 'conv=notrunc', 'status=none'], { input: sector });
}

/** The label that pvcreate writes into the second sector. */
function lvmLabel(path: string): void {
  const sectors = Buffer.alloc(1024);
  sectors.write('LABELONE', 512);
  sectors.writeUInt32LE(1, 512 + 8);
  sectors.writeUInt32LE(32, 512 + 20);
  sectors.write('LVM2 001', 512 + 24);
  execFileSync('dd', [`of=${path}`, 'conv=notrunc', 'status=none'], { input: sectors });
}
