/** Block devices and what is mounted from them. */

/** A whole disk, as lsblk lists it. */
export interface Disk {
  /** Such as /dev/nvme1n1. */
  readonly path: string;
  /** The serial number that its maker gave it, as the kernel has it; xvd disks and loop devices have none. */
  readonly serial: string | undefined;
  readonly kind: 'disk' | 'loop';
  /** Major and minor number, such as 259:1. */
  readonly number: string;
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
  /** UUID of its file system, where udev has looked already. */
  readonly uuid: string | undefined;
  /** What lies on it: partitions, LVM, RAID, encryption. */
  readonly children: readonly { readonly path: string; readonly kind: string }[];
}

/** An ext4 file system, as its superblock describes it. */
export interface Ext4 {
  readonly label: string;
  readonly uuid: string;
  readonly sizeBytes: number;
  /** Size of one block group: a rest of a disk that is smaller may be no use to the file system. */
  readonly groupBytes: number;
}

/** What low-level probing finds on a disk. */
export interface DiskContents {
  /** Every signature, such as xfs, swap, dos or LVM2_member; none means that the disk is blank. */
  readonly signatures: readonly string[];
  /** Set when the disk holds an ext4 and nothing else. */
  readonly ext4: Ext4 | undefined;
}

export interface Disks {
  list(): Promise<readonly Disk[]>;
  contents(path: string): Promise<DiskContents>;
  /**
   * Makes an ext4 whose root belongs to root.
   * @throws AiplatError (exit 1) when the disk is mounted or not blank any more.
   */
  makeExt4(path: string, label: string, uuid: string): Promise<void>;
  /** Grows the mounted ext4 of a disk to the size of the disk. */
  growExt4(path: string): Promise<void>;
}

/** One mount of this machine. */
export interface Mount {
  /** Number of the device, as in `Disk`. */
  readonly number: string;
  /** Which directory of the file system is seen: / unless only a part of it is. */
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  /** What was mounted, as whoever did it wrote it. */
  readonly source: string;
}

/** /etc/fstab. Each letter of the text is one byte, so that a file in any encoding comes back as it was. */
export interface Fstab {
  readonly text: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface Mounts {
  /** In the order in which they were made: the last one at a target is the one that is seen. */
  list(): Promise<readonly Mount[]>;
  /** Makes the mount point where there is none. @throws AiplatError (exit 1) with mount's own words. */
  mount(device: string, target: string, options: readonly string[]): Promise<void>;
  /** Changes the options of a mount in place. */
  remount(target: string, options: readonly string[]): Promise<void>;
  /** @throws AiplatError (exit 1) that names who is in the way; nothing is forced. */
  unmount(target: string): Promise<void>;
  /** Undefined where there is none. */
  fstab(): Promise<Fstab | undefined>;
  /** Whoever reads meanwhile sees the old or the new text. The service manager takes it over. */
  writeFstab(fstab: Fstab): Promise<void>;
}

/** Room in a file system. */
export interface Space {
  readonly totalBytes: number;
  readonly usedBytes: number;
}
