import { refused } from '../errors.ts';
import type { Tenant } from '../tenant/identity.ts';
import type { Snapshot } from './restic.ts';

/** Where a run gathers what is not data: the `.env`, the record, what ran. Root's, on the volume of the tenant. */
export const GATHERED = '.backup';

export const dataDir = ({ baseDir }: Tenant): string => `${baseDir}/data`;
export const gatheredDir = (tenant: Tenant): string => `${dataDir(tenant)}/${GATHERED}`;

/** What a snapshot holds of one data directory. */
export interface SavedDirectory {
  readonly dir: string;
  /** The one file that was taken, a dump; undefined: all of it. */
  readonly file: string | undefined;
}

/** A snapshot, taken apart. */
export interface Contents {
  /** The data directory that it was made from, on whichever host that was. */
  readonly dataDir: string;
  readonly directories: readonly SavedDirectory[];
}

/**
 * Reads from the paths of a snapshot what it holds.
 * @throws AiplatError (exit 2) when aiplat did not make it.
 */
export function contentsOf({ id, paths }: Snapshot): Contents {
  const gathered = paths.find((path) => path.endsWith(`/${GATHERED}`));
  if (gathered === undefined) {
    throw refused(
      `The snapshot ${id.slice(0, 8)} is none of aiplat's.`,
      `It holds ${paths.join(', ')}.`,
      'Take another one: aiplat ops backup list',
    );
  }
  const root = gathered.slice(0, -GATHERED.length - 1);
  const directories = paths
    .filter((path) => path !== gathered && path.startsWith(`${root}/`))
    .map((path): SavedDirectory => {
      const [dir = '', file] = path.slice(root.length + 1).split('/');
      return { dir, file };
    });
  return { dataDir: root, directories };
}
