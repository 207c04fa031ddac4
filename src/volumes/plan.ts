import type { Disk, Fstab, Mount } from '../host/host.ts';
import type { Step } from '../stack/step.ts';
import type { FoundContents, FoundVolume } from './faults.ts';
import { foundWords, mountAt } from './find.ts';
import { type FstabEntry, fstabFault, hasLine, MOUNT_OPTIONS } from './fstab.ts';

export const FSTAB = '/etc/fstab';
/** Ids of steps, which other steps name in their needs. */
export const VOLUME = 'volume';
const FILE_SYSTEM = 'file system';
const FSTAB_LINE = 'fstab';

/** A change of the one line that /etc/fstab has for a mount point. */
export interface FstabWish {
  readonly mountPoint: string;
  /** Undefined takes the line out. */
  readonly entry: FstabEntry | undefined;
  /** The lock that keeps commands on other tenants from changing the file at the same moment. */
  readonly lockPath: string;
}

export interface VolumeFacts extends FoundVolume, FoundContents {
  readonly disk: Disk;
  readonly fstab: Fstab | undefined;
  readonly lockPath: string;
}

/** Is it seen at the base directory? Otherwise whatever lies there is not the volume's. */
export const isMounted = ({ tenant, mounts }: VolumeFacts): boolean =>
  mountAt(mounts, tenant.baseDir) !== undefined;

export const isBlank = ({ contents }: VolumeFacts): boolean => contents.ext4 === undefined;

/**
 * What makes the tenant's volume as it has to be: its file system, its place after a reboot, its mount,
 * its size. Judged by `diskFault` before.
 * @param newUuid draws the UUID of a file system that is to be made.
 */
export function planVolume(facts: VolumeFacts, newUuid: () => string): Step[] {
  const { tenant, disk, contents, fstab, mounts } = facts;
  const { baseDir, name } = tenant;
  const uuid = contents.ext4?.uuid ?? newUuid();
  const entry = { uuid, mountPoint: baseDir };
  const lineFault = fstabFault(fstab?.text ?? '', entry);
  const mountWhy = mountReason(facts, mountAt(mounts, baseDir));
  const growWhy = growReason(facts);
  const base = { target: disk.path, needs: [] };
  return [
    ...(isBlank(facts)
      ? [
          {
            ...base,
            id: FILE_SYSTEM,
            do: 'make file system',
            why: `blank, and the volume of ${name}`,
            label: name,
            uuid,
          } satisfies Step,
        ]
      : []),
    ...(lineFault === undefined ? [] : [fstabStep(lineFault, { ...facts, entry }, [FILE_SYSTEM])]),
    ...(mountWhy === undefined
      ? []
      : [
          {
            id: VOLUME,
            do: 'mount volume',
            target: baseDir,
            why: mountWhy,
            needs: [FILE_SYSTEM, FSTAB_LINE],
            device: disk.path,
            isMounted: isMounted(facts),
            options: MOUNT_OPTIONS,
          } satisfies Step,
        ]),
    ...(growWhy === undefined
      ? []
      : [{ ...base, id: 'grow', do: 'grow file system', why: growWhy, needs: [VOLUME] } satisfies Step]),
  ];
}

function mountReason({ choice, disk }: VolumeFacts, mount: Mount | undefined): string | undefined {
  if (mount === undefined) return `${foundWords(choice, disk)} is not mounted`;
  const missing = MOUNT_OPTIONS.filter((option) => !mount.options.includes(option));
  return missing.length === 0 ? undefined : `mounted without ${missing.join(', ')}`;
}

const MIB = 1024 ** 2;

/** Less than a block group may be too little for the file system to use (resize2fs(8)): never asked for again and again. */
function growReason({ disk, contents: { ext4 } }: VolumeFacts): string | undefined {
  if (ext4 === undefined || disk.sizeBytes - ext4.sizeBytes < ext4.groupBytes) return undefined;
  const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;
  return `its disk has ${mib(disk.sizeBytes)}, its file system ${mib(ext4.sizeBytes)}`;
}

const fstabStep = (
  why: string,
  { tenant, entry, lockPath }: Pick<VolumeFacts, 'tenant' | 'lockPath'> & Pick<FstabWish, 'entry'>,
  needs: readonly string[],
): Step => ({
  id: FSTAB_LINE,
  do: 'write fstab',
  target: FSTAB,
  why,
  needs,
  wish: { mountPoint: tenant.baseDir, entry, lockPath },
});

/** What a teardown finds of a volume that it is to release. */
export interface Release extends Pick<VolumeFacts, 'tenant' | 'mounts' | 'fstab' | 'lockPath'> {
  readonly names: readonly string[];
  readonly hasMountPoint: boolean;
}

/** Is it neither mounted nor to be mounted at the next boot? */
export const isReleased = ({ tenant, mounts, fstab }: Release): boolean =>
  mountAt(mounts, tenant.baseDir) === undefined && !hasLine(fstab?.text ?? '', tenant.baseDir);

/**
 * Lets a volume go; its file system stays as it is. The line goes first: a volume that is not mounted and
 * has its line still was never released, so that nobody takes its data for deleted.
 * @param after ids of the steps that must have ended before.
 */
export function planRelease(release: Release, after: readonly string[]): Step[] {
  const { tenant, mounts, fstab, names, hasMountPoint } = release;
  const { baseDir } = tenant;
  const isThere = mountAt(mounts, baseDir) !== undefined;
  const why = 'its volume is released';
  const base = { target: baseDir, why };
  return [
    ...(hasLine(fstab?.text ?? '', baseDir) ? [fstabStep(why, { ...release, entry: undefined }, after)] : []),
    ...(isThere
      ? [{ ...base, id: VOLUME, do: 'unmount volume', needs: [...after, FSTAB_LINE] } satisfies Step]
      : []),
    ...(isThere || (hasMountPoint && names.length === 0)
      ? [
          {
            ...base,
            id: 'mount point',
            do: 'remove empty directory',
            needs: [...after, VOLUME],
          } satisfies Step,
        ]
      : []),
  ];
}
