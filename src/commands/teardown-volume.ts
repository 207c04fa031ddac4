import { refused } from '../errors.ts';
import { fstabLockPath } from '../tenant/layout.ts';
import { strangerAt } from '../volumes/faults.ts';
import { findDisks, namesVolume } from '../volumes/find.ts';
import { observeMounts, observeRelease } from '../volumes/observe.ts';
import type { Release } from '../volumes/plan.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';

/**
 * What there is to release of the tenant's volume.
 * @throws AiplatError (exit 2) when the record names none, (exit 3) when another disk is mounted in its place.
 */
export async function findRelease({ host }: Context, { config, tenant, record }: Place): Promise<Release> {
  if (!namesVolume(record)) {
    throw refused(
      `${tenant.name} has no volume that aiplat could release.`,
      "The tenant's record names no disk.",
      `Leave --release-volume away; what was mounted by hand is unmounted by hand: umount ${tenant.baseDir}`,
    );
  }
  const found = await observeMounts(host, tenant, record);
  const stranger = strangerAt(found, findDisks(record, found.disks)[0]);
  if (stranger !== undefined) throw stranger;
  return observeRelease(host, tenant, fstabLockPath(config.runDir));
}
