import { AiplatError, EXIT } from '../../src/errors.ts';
import type { Disk, DiskContents, Disks, Ext4, Fstab, Mount, Mounts } from '../../src/host/host.ts';
import type { FakeFiles, FakeNode } from './fake-files.ts';
import type { Life } from './life.ts';

const MIB = 1024 ** 2;
const GROUP_BYTES = 128 * MIB;

/** A disk of the fake machine: plain state, for tests to look at and to change. */
export interface FakeDisk extends Disk {
  sizeBytes: number;
  contents: DiskContents;
  /** What lies on its file system while it is not mounted, by path below its root. */
  readonly tree: Map<string, FakeNode>;
}

const refuses = (program: string, why: string): AiplatError =>
  new AiplatError({ what: `${program} refuses.`, why, fix: 'Do otherwise.', exitCode: EXIT.stopped });

const BLANK: DiskContents = { signatures: [], ext4: undefined };

export const ext4Contents = (label: string, uuid: string, sizeBytes: number): DiskContents => {
  const ext4: Ext4 = { label, uuid, sizeBytes, groupBytes: GROUP_BYTES };
  return { signatures: ['ext4'], ext4 };
};

const FRESH: readonly [string, FakeNode][] = [
  ['', { kind: 'directory', uid: 0, gid: 0, mode: 0o755 }],
  ['/lost+found', { kind: 'directory', uid: 0, gid: 0, mode: 0o700 }],
];

/** The disks of the fake machine. They refuse what real programs refuse. */
export class FakeDisks implements Disks {
  all: FakeDisk[] = [];
  /** Numbers of devices that are mounted somewhere. */
  mounted: () => ReadonlySet<string> = () => new Set();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  /** Attaches a disk as if it had always been there; blank unless told otherwise. */
  put(path: string, disk: Partial<FakeDisk> = {}): FakeDisk {
    const full: FakeDisk = {
      path,
      serial: undefined,
      kind: 'disk',
      number: `259:${this.all.length}`,
      sizeBytes: 1024 * MIB,
      isReadOnly: false,
      uuid: undefined,
      children: [],
      contents: BLANK,
      tree: new Map(),
      ...disk,
    };
    this.all.push(full);
    return full;
  }

  at(path: string): FakeDisk {
    const disk = this.all.find((one) => one.path === path);
    if (disk === undefined) throw refuses('The kernel', `${path}: No such file or directory`);
    return disk;
  }

  list(): Promise<readonly Disk[]> {
    return this.#life.look(() => this.all.map((disk) => ({ ...disk })));
  }

  contents(path: string): Promise<DiskContents> {
    return this.#life.look(() => this.at(path).contents);
  }

  makeExt4(path: string, label: string, uuid: string): Promise<void> {
    return this.#life.change(`make ext4 on ${path}`, () => {
      const disk = this.at(path);
      if (disk.contents.signatures.length > 0) throw refuses('mkfs.ext4', `${path} is not blank`);
      if (this.mounted().has(disk.number)) throw refuses('mkfs.ext4', `${path} is mounted`);
      if (disk.children.length > 0) throw refuses('mkfs.ext4', `${path} is apparently in use by the system`);
      if (Buffer.byteLength(label) > 16) throw refuses('mkfs.ext4', `${label} does not fit into a label`);
      disk.contents = ext4Contents(label, uuid, disk.sizeBytes);
      disk.tree.clear();
      for (const [name, node] of FRESH) disk.tree.set(name, node);
    });
  }

  growExt4(path: string): Promise<void> {
    return this.#life.change(`grow ext4 on ${path}`, () => {
      const disk = this.at(path);
      const { ext4 } = disk.contents;
      if (ext4 === undefined) throw refuses('resize2fs', `bad magic number on ${path}`);
      if (!this.mounted().has(disk.number)) throw refuses('resize2fs', `run e2fsck -f ${path} first`);
      disk.contents = ext4Contents(ext4.label, ext4.uuid, disk.sizeBytes);
    });
  }
}

const FSTAB = '/etc/fstab';

/** The mounts of the fake machine. What a mount hides comes back when it is gone. */
export class FakeMounts implements Mounts {
  all: Mount[] = [];
  /** Who is in the way of an unmount, by target. */
  readonly holders = new Map<string, string>();
  readonly #hidden = new Map<string, Map<string, FakeNode>>();
  readonly #life: Life;
  readonly #files: FakeFiles;
  readonly #disks: FakeDisks;

  constructor(life: Life, files: FakeFiles, disks: FakeDisks) {
    this.#life = life;
    this.#files = files;
    this.#disks = disks;
    disks.mounted = () => new Set(this.all.map(({ number }) => number));
  }

  /** Volumes that somebody mounted by hand come from a disk that is no longer listed. */
  list(): Promise<readonly Mount[]> {
    const known = new Set(this.all.map(({ target }) => target));
    const byHand = [...this.#files.mountPoints].filter((target) => !known.has(target));
    return this.#life.look(() => [
      ...byHand.map((target) => ({ number: '8:99', root: '/', target, options: [], source: '/dev/byhand' })),
      ...this.all,
    ]);
  }

  mount(device: string, target: string, options: readonly string[]): Promise<void> {
    return this.#life.change(`mount ${device} at ${target}`, () => {
      if (!this.#files.tree.has(target)) this.#files.put(target);
      this.put(device, target, options);
    });
  }

  /** Mounts a disk as if it had always been. */
  put(device: string, target: string, options: readonly string[]): void {
    const disk = this.#disks.at(device);
    if (disk.contents.ext4 === undefined) throw refuses('mount', 'wrong fs type, bad superblock');
    if (this.#files.mountPoints.has(target)) throw refuses('mount', `${device} already mounted or busy`);
    this.#hidden.set(target, this.#take(target));
    for (const [name, node] of disk.tree) this.#files.tree.set(target + name, node);
    disk.tree.clear();
    this.#files.mountPoints.add(target);
    this.all.push({ number: disk.number, root: '/', target, options: ['rw', ...options], source: device });
  }

  remount(target: string, options: readonly string[]): Promise<void> {
    return this.#life.change(`remount ${target} with ${options.join(',')}`, () => {
      this.all = this.all.map((mount) =>
        mount.target === target ? { ...mount, options: ['rw', ...options] } : mount,
      );
    });
  }

  unmount(target: string): Promise<void> {
    return this.#life.change(`unmount ${target}`, () => {
      const mount = this.all.find((one) => one.target === target);
      if (mount === undefined) throw refuses('umount', 'not mounted');
      const holder = this.holders.get(target);
      if (holder !== undefined) throw refuses('umount', `In the way: ${holder}.`);
      this.#detach(target);
    });
  }

  fstab(): Promise<Fstab | undefined> {
    return this.#life.look(() => {
      const node = this.#files.tree.get(FSTAB);
      return node && { text: node.text ?? '', uid: node.uid, gid: node.gid, mode: node.mode };
    });
  }

  writeFstab({ text, ...owner }: Fstab): Promise<void> {
    return this.#life.change(`write ${FSTAB}`, () => this.#files.put(FSTAB, { ...owner, text }));
  }

  /** Somebody else unmounts it: no change of the process. */
  unmountNow(target: string): void {
    this.#detach(target);
  }

  /** A reboot: mounts are gone, and those with a line in fstab come back. */
  reboot(): void {
    for (const { target } of [...this.all]) this.#detach(target);
    for (const line of (this.#files.text(FSTAB) ?? '').split('\n')) {
      const [source = '', target = '', , options = ''] = line.split(/\s+/);
      const disk = this.#disks.all.find(({ contents }) => source === `UUID=${contents.ext4?.uuid}`);
      const known = options.split(',').filter((option) => option !== 'nofail' && !option.startsWith('x-'));
      if (disk !== undefined && this.#files.tree.has(target)) this.put(disk.path, target, known);
    }
  }

  #detach(target: string): void {
    const disk = this.#disks.all.find(({ number }) =>
      this.all.some((one) => one.target === target && one.number === number),
    );
    for (const [name, node] of this.#take(target)) disk?.tree.set(name, node);
    for (const [name, node] of this.#hidden.get(target) ?? []) this.#files.tree.set(target + name, node);
    this.#hidden.delete(target);
    this.#files.mountPoints.delete(target);
    this.all = this.all.filter((one) => one.target !== target);
  }

  #take(target: string): Map<string, FakeNode> {
    const taken = new Map<string, FakeNode>();
    for (const path of this.#files.below(target)) {
      const node = this.#files.tree.get(path);
      if (node !== undefined) taken.set(path.slice(target.length), node);
      this.#files.tree.delete(path);
    }
    return taken;
  }
}
