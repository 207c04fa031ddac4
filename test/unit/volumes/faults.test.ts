import { describe, expect, it } from 'vitest';
import type { Disk, DiskContents, Mount } from '../../../src/host/host.ts';
import { diskFault, type FoundVolume, mountFault, requireDisk } from '../../../src/volumes/faults.ts';
import { findDisks } from '../../../src/volumes/find.ts';
import { TENANT } from '../sample.ts';

const GIB = 1024 ** 3;
const BASE = TENANT.baseDir;
const disk = (path: string, more: Partial<Disk> = {}): Disk => ({
  path,
  serial: undefined,
  kind: 'disk',
  number: `259:${path.length}${path.at(-1)}`,
  sizeBytes: GIB,
  isReadOnly: false,
  uuid: undefined,
  children: [],
  ...more,
});
const ROOT = disk('/dev/nvme0n1', { serial: 'vol00000000000000001' });
const OURS = disk('/dev/nvme1n1x', { serial: 'vol0123456789abcdef0' });
const XVDF = disk('/dev/xvdf');
const mounted = ({ number, path }: Disk, target: string, root = '/'): Mount => ({
  number,
  root,
  target,
  options: ['rw'],
  source: path,
});

const found = (more: Partial<FoundVolume> = {}): FoundVolume => ({
  tenant: TENANT,
  choice: { volume: 'vol0123456789abcdef0' },
  disks: [ROOT, OURS],
  mounts: [mounted(ROOT, '/')],
  ...more,
});
const BLANK: DiskContents = { signatures: [], ext4: undefined };
const ext4 = (label: string): DiskContents => ({
  signatures: ['ext4'],
  ext4: { label, uuid: 'u', sizeBytes: GIB, groupBytes: 1 },
});

describe('the disk that a record names', () => {
  it.each<[object, string]>([
    [{ volume: 'vol0123456789abcdef0' }, OURS.path],
    [{ volume: 'vol-0123456789abcdef0' }, OURS.path],
    [{ device: '/dev/xvdf' }, XVDF.path],
    [{ device: '/dev/sdf' }, XVDF.path],
    [{ volume: 'vol0123456789abcdef0', device: '/dev/xvdf' }, OURS.path],
  ])('%j is found', (choice, path) => {
    expect(findDisks(choice, [ROOT, OURS, XVDF]).map((one) => one.path)).toEqual([path]);
  });

  it.each([
    [{ volume: 'vol0123456789abcdef' }],
    [{ volume: 'VOL0123456789ABCDEF0' }],
    [{ device: '/dev/nvme1n1p1' }],
    [{ device: '/dev/xvdg' }],
    [{}],
  ])('%j is no other', (choice) => {
    expect(findDisks(choice, [ROOT, OURS, XVDF])).toEqual([]);
  });

  it('called /dev/sdf is the one of that name where the kernel has one', () => {
    expect(findDisks({ device: '/dev/sdf' }, [XVDF, disk('/dev/sdf')]).map(({ path }) => path)).toEqual([
      '/dev/sdf',
    ]);
  });

  it('and is not there is missed by name, with the disks that are there', () => {
    expect(() => requireDisk(found({ choice: { volume: 'vol0fff' } }))).toThrow(
      expect.objectContaining({
        exitCode: 3,
        what: expect.stringContaining('vol0fff is not attached'),
        why: expect.stringContaining(
          '/dev/nvme0n1 (vol00000000000000001, 1.0 GiB), /dev/nvme1n1x (vol0123456789abcdef0, 1.0 GiB)',
        ),
      }),
    );
  });

  it('and two disks have is not guessed', () => {
    const twin = disk('/dev/nvme2n1', { serial: OURS.serial });
    expect(() => requireDisk(found({ disks: [OURS, twin] }))).toThrow(/more than one disk/);
  });
});

describe('a setup leaves alone a disk', () => {
  it.each<[string, Partial<FoundVolume>, Partial<Disk>, DiskContents, string[], RegExp]>([
    [
      'in whose place another is mounted',
      { mounts: [mounted(ROOT, BASE)] },
      {},
      ext4(TENANT.name),
      [],
      /another disk is mounted[\s\S]*\/dev\/nvme0n1/,
    ],
    [
      'of which a part is mounted there',
      { mounts: [mounted(OURS, BASE, '/data')] },
      {},
      ext4(TENANT.name),
      [],
      /the directory \/data of/,
    ],
    [
      'that is covered by another',
      { mounts: [mounted(OURS, BASE), mounted(ROOT, BASE)] },
      {},
      ext4(TENANT.name),
      [],
      /another disk is mounted/,
    ],
    [
      'that is mounted elsewhere',
      { mounts: [mounted(OURS, '/srv')] },
      {},
      ext4(TENANT.name),
      [],
      /mounted at \/srv/,
    ],
    [
      'that has partitions',
      {},
      { children: [{ path: '/dev/nvme1n1p1', kind: 'part' }] },
      BLANK,
      [],
      /has partitions \(\/dev\/nvme1n1p1\)/,
    ],
    [
      'on which LVM is built',
      {},
      { children: [{ path: '/dev/mapper/vg-a', kind: 'lvm' }] },
      BLANK,
      [],
      /vg-a \(lvm\) is built on it/,
    ],
    [
      'that is encrypted and open',
      {},
      { children: [{ path: '/dev/mapper/c', kind: 'crypt' }] },
      BLANK,
      [],
      /\(crypt\) is built/,
    ],
    [
      'that is part of a RAID',
      {},
      { children: [{ path: '/dev/md0', kind: 'raid1' }] },
      BLANK,
      [],
      /md0 \(raid1\)/,
    ],
    ['that can only be read', {}, { isReadOnly: true }, BLANK, [], /only be read/],
    [
      'that holds xfs',
      {},
      {},
      { signatures: ['xfs'], ext4: undefined },
      [],
      /It holds xfs, and[\s\S]*wipefs --all/,
    ],
    ['that holds a partition table', {}, {}, { signatures: ['dos'], ext4: undefined }, [], /It holds dos/],
    [
      'that holds two things',
      {},
      {},
      { signatures: ['ext4', 'swap'], ext4: undefined },
      [],
      /It holds ext4, swap/,
    ],
    ['that another tenant has', {}, {}, ext4('tenant-1002'), [], /with the label tenant-1002[\s\S]*e2label/],
    ['whose label only begins the same', {}, {}, ext4('tenant-10011'), [], /with the label tenant-10011/],
    [
      'without a label',
      {},
      {},
      ext4(''),
      [],
      /ext4 without a label[\s\S]*e2label \/dev\/nvme1n1x tenant-1001/,
    ],
    ['that would hide files', {}, {}, BLANK, ['config', 'data'], /is not empty[\s\S]*config, data/],
  ])('%s: exit 3', (_title, more, change, contents, names, says) => {
    const ours = { ...OURS, ...change };
    const view = found({ disks: [ROOT, ours], ...more });
    const fault = diskFault(view, ours, { contents, names });
    expect(fault?.exitCode).toBe(3);
    expect([fault?.what, fault?.why, fault?.fix].join('\n')).toMatch(says);
  });

  it('that is not the only one with its UUID', () => {
    const ours = { ...OURS, uuid: 'u' };
    const copy = disk('/dev/nvme2n1', { uuid: 'u' });
    const fault = diskFault(found({ disks: [ours, copy] }), ours, { contents: ext4(TENANT.name), names: [] });
    expect(fault?.why).toMatch(/\/dev\/nvme2n1 has a file system with the same UUID/);
  });

  it.each<[string, Partial<FoundVolume>, DiskContents, string[]]>([
    ['is blank', {}, BLANK, []],
    ['is the tenant’s already', {}, ext4(TENANT.name), []],
    ['is mounted where it belongs', { mounts: [mounted(OURS, BASE)] }, ext4(TENANT.name), ['config', 'data']],
  ])('but not one that %s', (_title, more, contents, names) => {
    expect(diskFault(found(more), OURS, { contents, names })).toBeUndefined();
  });
});

describe('a deploy', () => {
  it.each<[string, Partial<FoundVolume>, RegExp | undefined]>([
    ['with the volume mounted goes on', { mounts: [mounted(OURS, BASE)] }, undefined],
    ['with no volume mounted', {}, /no volume is mounted[\s\S]*aiplat setup/],
    [
      'with another one mounted',
      { mounts: [mounted(ROOT, BASE)] },
      /another disk is mounted[\s\S]*aiplat setup/,
    ],
    [
      'with a mount of no disk that is there',
      { mounts: [{ ...mounted(ROOT, BASE), number: '0:77', source: 'tmpfs' }] },
      /It is tmpfs[\s\S]*aiplat setup/,
    ],
  ])('%s', (_title, more, says) => {
    const fault = mountFault(found(more));
    if (says === undefined) expect(fault).toBeUndefined();
    else expect([fault?.what, fault?.why, fault?.fix].join('\n')).toMatch(says);
  });
});
