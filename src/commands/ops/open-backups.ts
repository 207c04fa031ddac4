import { dirname } from 'node:path';
import { dataDir } from '../../backup/contents.ts';
import { hasRepository, listSnapshots } from '../../backup/repository.ts';
import type { Listing, Repository } from '../../backup/restic.ts';
import { notReady } from '../../errors.ts';
import { untrusted } from '../../install/trust.ts';
import { observePaths } from '../../stack/observe.ts';
import type { BackupConfig } from '../../tenant/config-fields.ts';
import type { Context } from '../context.ts';
import type { Place } from '../enter.ts';

/** Where a tenant's backups are, and whether they can be opened. */
export interface Backups {
  readonly config: BackupConfig;
  readonly repository: Repository;
  readonly hasPassword: boolean;
  readonly hasRepository: boolean;
}

/**
 * Looks at the tenant's repository.
 * @throws AiplatError (exit 3) when the host config names no place for backups, restic is not installed, or the
 * password does not open them.
 */
export async function openBackups(
  { host, configPath }: Context,
  { config, tenant }: Place,
): Promise<Backups> {
  const { backup, stateDir } = config;
  if (backup === undefined) {
    throw notReady(
      `${tenant.name}: this host has no place for backups.`,
      `${configPath} has no "backup".`,
      `An admin of this host writes one into it, such as "backup": { "repository": "/var/backups/aiplat" }`,
    );
  }
  // Here, so that a host without it learns so before anything is made.
  await host.commands.run('restic', ['version']);
  const passwordFile = `${dirname(configPath)}/backup/${tenant.name}.password`;
  const repository: Repository = {
    place: `${backup.repository}/${tenant.name}`,
    passwordFile,
    cacheDir: `${stateDir}/backup-cache`,
    environmentFile: backup.environmentFile,
  };
  const hasPassword = (await host.files.stat(passwordFile)) !== undefined;
  const isThere = hasPassword && (await hasRepository(host, repository));
  return { config: backup, repository, hasPassword, hasRepository: isThere };
}

/** The snapshots that there are; none before the first backup. @throws AiplatError (exit 3) without their password. */
export async function snapshotsOf(
  { host }: Context,
  { repository, hasPassword, hasRepository: isThere }: Backups,
): Promise<Listing['complete']> {
  if (hasPassword) return isThere ? (await listSnapshots(host, repository)).complete : [];
  throw notReady(
    `${repository.place} cannot be opened.`,
    `Its password ${repository.passwordFile} does not exist: no backup was made on this host yet.`,
    'Make the first one (aiplat ops backup), or after a loss of the host put the copy of the password back there.',
  );
}

/** @throws AiplatError (exit 3) when others than root could put a link in the way of root's work. */
export async function requireTrustedData({ host }: Context, { tenant }: Place): Promise<void> {
  const loose = untrusted(await observePaths(host, [tenant.baseDir, dataDir(tenant)]));
  if (loose.length === 0) return;
  throw notReady(
    `${tenant.name}: others than root can move its data.`,
    `${loose.join(', ')} should be root's, and is not.`,
    `Run: aiplat setup --tenant ${tenant.name}`,
  );
}
