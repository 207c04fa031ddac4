import type { Context } from '../../src/commands/context.ts';
import { type BackupOptions, backup } from '../../src/commands/ops/backup.ts';
import { type RestoreOptions, restore } from '../../src/commands/ops/restore.ts';
import type { FakeHost } from './fake-host.ts';
import { FakeRestic, type FakeSnapshot, fakeFind } from './fake-restic.ts';
import { BASE_DIR, deployOf, freshMachine, setupOf, succeed, TENANT } from './machines.ts';

export const PLACE = `/var/backups/aiplat/${TENANT}`;
export const PASSWORD_FILE = `/etc/aiplat/backup/${TENANT}.password`;
export const DATA = `${BASE_DIR}/data`;

type Work = (context: Context) => Promise<void>;

export const backupOf =
  (options: BackupOptions = {}): Work =>
  (context) =>
    backup(context, { ...(options.all === true ? {} : { tenant: TENANT }), ...options });

export const restoreOf =
  (which = 'latest', options: RestoreOptions = {}): Work =>
  (context) =>
    restore(context, which, {
      tenant: TENANT,
      ...(options.to === undefined ? { confirm: TENANT } : {}),
      ...options,
    });

export function resticOf(host: FakeHost): FakeRestic {
  const restic = host.commands.programs.get('restic');
  if (!(restic instanceof FakeRestic)) throw new Error('restic is not installed');
  return restic;
}

/** What the repository of the tenant has. */
export const snapshotsOn = (host: FakeHost): readonly FakeSnapshot[] =>
  resticOf(host).repositories.get(PLACE)?.snapshots ?? [];

/** Puts a file of a service's data there, as its program would. */
export function putData(host: FakeHost, path: string, text: string): void {
  host.files.put(`${DATA}/${path}`, { text, uid: 1001, gid: 1001, mode: 0o600 });
}

export const dataText = (host: FakeHost, path: string): string | undefined =>
  host.files.text(`${DATA}/${path}`);

/** A stack with data on a host that has a place for backups. */
export async function dataMachine(
  config: Readonly<Record<string, unknown>> = {},
  seed = 'one',
): Promise<FakeHost> {
  const host = freshMachine({ backup: { repository: '/var/backups/aiplat' }, ...config });
  host.seed = seed;
  host.commands.programs.set('restic', new FakeRestic(host));
  host.commands.programs.set('find', fakeFind(host));
  const services = ['caddy', 'prometheus', 'n8n', 'valkey'];
  await succeed(host, setupOf({ services, vectorDb: 'pgvector' }));
  await succeed(host, deployOf());
  putData(host, 'n8n/database.sqlite', 'flows');
  putData(host, 'valkey/appendonlydir/log', 'keys');
  putData(host, 'postgres/18/docker/rows', 'rows');
  putData(host, 'prometheus/wal', 'metrics');
  return host;
}

/** The same after a backup, with everything that it has to bring back gone or changed. */
export async function spoiltMachine(): Promise<FakeHost> {
  const host = await dataMachine();
  await succeed(host, backupOf());
  putData(host, 'n8n/database.sqlite', 'spoilt');
  putData(host, 'n8n/later', 'came later');
  putData(host, 'postgres/18/docker/rows', 'spoilt');
  host.files.tree.delete(`${DATA}/valkey/appendonlydir/log`);
  return host;
}
