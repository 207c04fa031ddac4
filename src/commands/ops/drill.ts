import { contentsOf } from '../../backup/contents.ts';
import { notReady, refused } from '../../errors.ts';
import { untrusted, withParents } from '../../install/trust.ts';
import { observePaths } from '../../stack/observe.ts';
import type { Step } from '../../stack/step.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { type Place, requireAdminCaller } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { chooseSnapshot, requireSaved } from './choose-backup.ts';
import { openBackups, snapshotsOf } from './open-backups.ts';
import type { RestoreOptions } from './restore.ts';

type DrillOptions = RestoreOptions & { readonly to: string };

/**
 * Brings files back into another place, and starts nothing. For admins: root writes names and texts there that a
 * tenant chose.
 */
export async function drill(
  context: Context,
  place: Place,
  which: string,
  options: DrillOptions,
): Promise<void> {
  const { report } = context;
  const { to, service, dryRun: isDry = false } = options;
  await requireAdminCaller(context, place.config);
  await requireEmpty(context, to);
  await whileLocked(context, tenantLock(place), options, async () => {
    const backups = await openBackups(context, place);
    const snapshot = chooseSnapshot(place, await snapshotsOf(context, backups), which);
    const contents = contentsOf(snapshot);
    const chosen = requireSaved(place.catalog, contents, service);
    const only = chosen.directories.map(({ dir }) => `${contents.dataDir}/${dir}`);
    const step: Step = {
      id: 'restore',
      do: 'restore files',
      target: to,
      why: `snapshot ${snapshot.id.slice(0, 8)} of ${snapshot.time.slice(0, 19)}Z`,
      needs: [],
      repository: backups.repository,
      snapshot: snapshot.id,
      only: chosen.isPart ? only : [],
    };
    report.plan([step], isDry);
    if (!isDry) await carryOut(context, place.tenant.name, [step]);
    report.document({ tenant: place.tenant.name, snapshot: snapshot.id, to, changed: isDry ? 0 : 1 });
    report.show([
      isDry ? '1 step would be taken; nothing was changed.' : `The files are in ${to}${contents.dataDir}.`,
    ]);
  });
}

/** @throws AiplatError when it is no empty directory in which root alone can move anything. */
async function requireEmpty({ host }: Context, path: string): Promise<void> {
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path) || path.split('/').includes('..')) {
    throw refused(
      `--to ${path} is no plain absolute path.`,
      'Root writes there.',
      'Write a path such as /root/drill.',
    );
  }
  const found = await observePaths(host, withParents(path));
  const isDirectory = found.get(path)?.kind === 'directory';
  const loose = untrusted(found);
  if (!isDirectory || loose.length > 0 || (await host.files.list(path)).length > 0) {
    throw notReady(
      `Files cannot come back into ${path}.`,
      loose.length > 0
        ? `Others than root can move ${loose.join(', ')}.`
        : `It ${isDirectory ? 'is not empty' : 'is no directory'}.`,
      `Make an empty directory that is root's alone: mkdir -m 700 /root/drill`,
    );
  }
}
