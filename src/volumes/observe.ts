import type { Host } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { diskFault, type FoundVolume, requireDisk } from './faults.ts';
import type { VolumeChoice } from './find.ts';
import type { Release, VolumeFacts } from './plan.ts';

/** Disks and mounts, as far as they say what is mounted where. */
export async function observeMounts(host: Host, tenant: Tenant, choice: VolumeChoice): Promise<FoundVolume> {
  const [disks, mounts] = await Promise.all([host.disks.list(), host.mounts.list()]);
  return { tenant, choice, disks, mounts };
}

/**
 * Everything that a setup has to know of a tenant's volume.
 * @throws AiplatError (exit 3) when the disk is not there or must be left alone.
 */
export async function observeVolume(
  host: Host,
  tenant: Tenant,
  choice: VolumeChoice,
  lockPath: string,
): Promise<VolumeFacts> {
  const found = await observeMounts(host, tenant, choice);
  const disk = requireDisk(found);
  const [contents, names, fstab] = await Promise.all([
    host.disks.contents(disk.path),
    host.files.list(tenant.baseDir),
    host.mounts.fstab(),
  ]);
  const fault = diskFault(found, disk, { contents, names });
  if (fault !== undefined) throw fault;
  return { ...found, disk, contents, names, fstab, lockPath };
}

export async function observeRelease(host: Host, tenant: Tenant, lockPath: string): Promise<Release> {
  const [mounts, fstab, names, mountPoint] = await Promise.all([
    host.mounts.list(),
    host.mounts.fstab(),
    host.files.list(tenant.baseDir),
    host.files.stat(tenant.baseDir),
  ]);
  return { tenant, mounts, fstab, names, hasMountPoint: mountPoint?.kind === 'directory', lockPath };
}
