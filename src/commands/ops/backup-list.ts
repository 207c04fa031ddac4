import { contentsOf } from '../../backup/contents.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { table } from '../../report/table.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter, requireRoot } from '../enter.ts';
import { openBackups, snapshotsOf } from './open-backups.ts';
import { mebibytes } from './status-table.ts';

/** Shows the snapshots of a tenant, the newest last. */
export async function listBackups(context: Context, options: TenantOptions): Promise<void> {
  const { report } = context;
  const place = await enter(context, options);
  requireRoot(context);
  const found = await snapshotsOf(context, await openBackups(context, place));
  const rows = found.map((snapshot) => ({
    id: snapshot.id,
    time: snapshot.time,
    services: servicesIn(
      place.catalog,
      contentsOf(snapshot).directories.map(({ dir }) => dir),
    ),
    addedBytes: snapshot.addedBytes,
  }));
  report.document({ tenant: place.tenant.name, snapshots: rows });
  if (rows.length === 0) return report.show([`${place.tenant.name} has no backups yet: aiplat ops backup`]);
  report.show(
    table(
      [
        { title: 'id', cell: ({ id }) => id.slice(0, 8) },
        { title: 'when', cell: ({ time }) => `${time.slice(0, 16).replace('T', ' ')} UTC` },
        { title: 'services', cell: ({ services }) => services.join(', ') || '–' },
        { title: 'added', cell: ({ addedBytes }) => mebibytes(addedBytes), align: 'right' },
      ],
      rows,
    ),
  );
}

/** The services whose directories these are. */
export const servicesIn = (all: Catalog, dirs: readonly string[]): string[] =>
  [...all.values()]
    .filter(({ mounts }) => mounts.some(({ dir }) => dirs.includes(dir)))
    .map(({ name }) => name);
