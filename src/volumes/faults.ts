import { type AiplatError, notReady } from '../errors.ts';
import type { Disk, DiskContents, Mount } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { choiceWords, diskWords, findDisks, foundWords, mountAt, type VolumeChoice } from './find.ts';

/** What was found of a tenant's volume, before anything is decided. */
export interface FoundVolume {
  readonly tenant: Tenant;
  readonly choice: VolumeChoice;
  readonly disks: readonly Disk[];
  readonly mounts: readonly Mount[];
}

/** What the choice of a disk is judged by beyond that. */
export interface FoundContents {
  readonly contents: DiskContents;
  /** What lies in the base directory itself. */
  readonly names: readonly string[];
}

/**
 * The one disk that the record names.
 * @throws AiplatError (exit 3) when it is not there, or more than one can be meant.
 */
export function requireDisk({ tenant, choice, disks }: FoundVolume): Disk {
  const [disk, ...more] = findDisks(choice, disks);
  const wanted = choiceWords(choice);
  if (disk === undefined) {
    throw notReady(
      `${tenant.name}: its volume ${wanted} is not attached.`,
      `This host has ${
        disks
          .filter(({ sizeBytes }) => sizeBytes > 0)
          .map(diskWords)
          .join(', ') || 'no disk'
      }.`,
      `Attach the volume, or name another in the tenant's record. Then: aiplat setup --tenant ${tenant.name}`,
    );
  }
  if (more.length === 0) return disk;
  throw notReady(
    `${tenant.name}: more than one disk has the serial number ${wanted}.`,
    [disk, ...more].map(diskWords).join(', '),
    "Name the one that is meant in the tenant's record by its device instead.",
  );
}

/** Why what is mounted at the base directory is not the tenant's volume; undefined when it is, or nothing is. */
export function strangerAt(found: FoundVolume, disk: Disk | undefined): AiplatError | undefined {
  const { tenant, choice, disks, mounts } = found;
  const mount = mountAt(mounts, tenant.baseDir);
  if (mount === undefined || (mount.number === disk?.number && mount.root === '/')) return undefined;
  const other = disks.find(({ number }) => number === mount.number);
  const part = mount.root === '/' ? '' : `the directory ${mount.root} of `;
  return notReady(
    `${tenant.name}: another disk is mounted at ${tenant.baseDir}.`,
    `It is ${part}${other === undefined ? mount.source : diskWords(other)}; the tenant's volume is ${disk === undefined ? `${choiceWords(choice)}, which is not attached` : foundWords(choice, disk)}.`,
    `Unmount it (umount ${tenant.baseDir}), then: aiplat setup --tenant ${tenant.name}`,
  );
}

/** Why a tenant's volume does not do for running on; undefined when it is mounted where it belongs. */
export function mountFault(found: FoundVolume): AiplatError | undefined {
  const { tenant, choice } = found;
  const disk = requireDisk(found);
  const stranger = strangerAt(found, disk);
  if (stranger !== undefined) return stranger;
  if (mountAt(found.mounts, tenant.baseDir) !== undefined) return undefined;
  return notReady(
    `${tenant.name}: no volume is mounted at ${tenant.baseDir}.`,
    `Its volume ${foundWords(choice, disk)} is attached, and not mounted.`,
    `Run: aiplat setup --tenant ${tenant.name}`,
  );
}

/** Why a setup must leave this disk alone; undefined when it may use it. */
export function diskFault(
  found: FoundVolume,
  disk: Disk,
  { contents, names }: FoundContents,
): AiplatError | undefined {
  return (
    strangerAt(found, disk) ??
    useFault(found, disk) ??
    contentsFault(found, disk, contents) ??
    hidingFault(found, names)
  );
}

/** Somebody else has the disk in use. */
function useFault({ tenant, disks, mounts }: FoundVolume, disk: Disk): AiplatError | undefined {
  const refuse = (why: string, fix: string): AiplatError =>
    notReady(`${tenant.name}: ${disk.path} cannot be its volume.`, why, fix);
  const isHere = mountAt(mounts, tenant.baseDir) !== undefined;
  const elsewhere = isHere ? undefined : mounts.find(({ number }) => number === disk.number);
  if (elsewhere !== undefined) {
    return refuse(
      `It is mounted at ${elsewhere.target}.`,
      `Unmount it (umount ${elsewhere.target}), or name another disk in the tenant's record.`,
    );
  }
  const [child] = disk.children;
  if (child !== undefined) {
    const words =
      child.kind === 'part'
        ? `It has partitions (${child.path}).`
        : `${child.path} (${child.kind}) is built on it.`;
    return refuse(words, "A tenant's volume is a whole disk: name another one in the tenant's record.");
  }
  if (disk.isReadOnly)
    return refuse('It can only be read.', 'Attach it for writing (`blockdev --getro` then says 0).');
  const twin = disks.find(({ path, uuid }) => path !== disk.path && uuid !== undefined && uuid === disk.uuid);
  if (twin === undefined) return undefined;
  return refuse(
    `${twin.path} has a file system with the same UUID ${disk.uuid}, so that the next boot may take the one for the other.`,
    `Detach the copy, or give it a UUID of its own: tune2fs -U random ${twin.path}`,
  );
}

/** A disk is made into a volume when it is blank, and used when it is this tenant's already. */
function contentsFault(
  { tenant }: FoundVolume,
  disk: Disk,
  { signatures, ext4 }: DiskContents,
): AiplatError | undefined {
  if (signatures.length === 0 || ext4?.label === tenant.name) return undefined;
  const label =
    ext4 === undefined ? '' : ext4.label === '' ? ' without a label' : ` with the label ${ext4.label}`;
  const own =
    ext4 === undefined
      ? ''
      : `If it is this tenant's, say so by its label: e2label ${disk.path} ${tenant.name}. `;
  return notReady(
    `${tenant.name}: ${diskWords(disk)} is not blank.`,
    `It holds ${signatures.join(', ')}${label}, and aiplat formats no disk that holds anything.`,
    `${own}If nobody needs what is on it, empty it: wipefs --all ${disk.path}. Otherwise name another disk in the tenant's record.`,
  );
}

/** What lies in the base directory would be hidden under the mount, and seem lost. */
function hidingFault({ tenant, mounts }: FoundVolume, names: readonly string[]): AiplatError | undefined {
  const { baseDir } = tenant;
  if (names.length === 0 || mountAt(mounts, baseDir) !== undefined) return undefined;
  return notReady(
    `${tenant.name}: ${baseDir} is not empty, and its volume would hide what lies there.`,
    `On the disk of the host lie ${names.join(', ')}.`,
    `Move it away (mv ${baseDir} ${baseDir}.away), run setup, and copy onto the volume what is needed: cp -a`,
  );
}
