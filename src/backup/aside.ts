import type { Tenant } from '../tenant/identity.ts';
import { dataDir } from './contents.ts';

/** Where files of a snapshot arrive before they take their place: root's, on the volume of the tenant. */
export const RESTORING = '.restoring';
export const restoringDir = (tenant: Tenant): string => `${dataDir(tenant)}/${RESTORING}`;

/** The name of data that stepped aside; `stamp` has no dot. */
export const asideName = (dir: string, stamp: string): string => `.before-restore-${stamp}.${dir}`;

/** Is this data of that directory which stepped aside, now or in a restore that did not come to its end? */
export const isAsideOf = (name: string, dir: string): boolean =>
  name.startsWith('.before-restore-') && name.slice(name.indexOf('.', 1) + 1) === dir;

/** A stamp that no data has which stepped aside earlier. */
export function freeStamp(now: Date, present: readonly string[]): string {
  const base = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const isTaken = (stamp: string): boolean => present.some((name) => name.startsWith(asideName('', stamp)));
  let stamp = base;
  for (let n = 2; isTaken(stamp); n++) stamp = `${base}-${n}`;
  return stamp;
}
