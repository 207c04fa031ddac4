import type { Disk, Mount } from '../host/host.ts';
import { serialOf, type TenantRecord } from '../tenant/record.ts';

/** The part of a record that says which disk is the tenant's. */
export type VolumeChoice = Pick<TenantRecord, 'volume' | 'device'>;

export const namesVolume = ({ volume, device }: VolumeChoice): boolean =>
  volume !== undefined || device !== undefined;

/** What EBS attaches as /dev/sdf, kernels of Xen instances call /dev/xvdf (EC2, "Device names for volumes"). */
const spellings = (device: string): string[] => [device, device.replace(/^\/dev\/sd/, '/dev/xvd')];

/** The disks that the record can mean: one, unless it is missing or its serial number is not unique. */
export function findDisks({ volume, device }: VolumeChoice, disks: readonly Disk[]): Disk[] {
  if (volume !== undefined) {
    return disks.filter(({ serial }) => serial !== undefined && serialOf(serial) === serialOf(volume));
  }
  const found = spellings(device ?? '').map((path) => disks.find((disk) => disk.path === path));
  return found.filter((disk) => disk !== undefined).slice(0, 1);
}

export const choiceWords = ({ volume, device }: VolumeChoice): string => volume ?? device ?? '';

/** `vol0123456789abcdef0 (/dev/nvme1n1)`, or the device alone where that is what the record names. */
export const foundWords = ({ volume }: VolumeChoice, { path }: Disk): string =>
  volume === undefined ? path : `${volume} (${path})`;

/** The mount that is seen at this place. */
export const mountAt = (mounts: readonly Mount[], target: string): Mount | undefined =>
  mounts.findLast((mount) => mount.target === target);

const GIB = 1024 ** 3;

/** `/dev/nvme1n1 (vol0123456789abcdef0, 100.0 GiB)` */
export const diskWords = ({ path, serial, sizeBytes }: Disk): string =>
  `${path} (${serial === undefined ? '' : `${serial}, `}${(sizeBytes / GIB).toFixed(1)} GiB)`;
