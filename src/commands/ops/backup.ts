import { RESTORING, restoringDir } from '../../backup/aside.ts';
import { dataDir } from '../../backup/contents.ts';
import { type FoundData, planBackup } from '../../backup/plan.ts';
import { notReady } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Step } from '../../stack/step.ts';
import { watchHealth } from '../../stack/wait.ts';
import { addedPath } from '../../tenant/added.ts';
import { LABEL } from '../../tenant/names.ts';
import { recordPath } from '../../tenant/record.ts';
import { generateSecret } from '../../tenant/secret.ts';
import { carryOut } from '../carry-out.ts';
import type { Context, TenantOptions } from '../context.ts';
import {
  ADDED_LIMIT_BYTES,
  CONFIG_LIMIT_BYTES,
  enter,
  enterAll,
  type Place,
  readHostConfig,
  requireRoot,
  requireVolume,
} from '../enter.ts';
import { forAll } from '../for-all.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readEnvText } from '../read-env.ts';
import { readStack } from '../read-stack.ts';
import { findData } from './find-data.ts';
import { openBackups, requireTrustedData, snapshotsOf } from './open-backups.ts';
import { mebibytes } from './status-table.ts';

export interface BackupOptions extends TenantOptions {
  /** Every tenant of the host. */
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** As long as a deploy waits for a service by itself. */
const PATIENCE_MS = 300_000;
/** restic keeps two processors and some hundred megabytes busy. */
const AT_ONCE = 4;

/** Takes everything of a tenant as one snapshot: data, `.env`, record, and what ran. */
export async function backup(context: Context, options: BackupOptions): Promise<void> {
  if (options.all === true) return backUpAll(context, options);
  const place = await enter(context, options);
  requireRoot(context);
  await backUp(context, place, options);
}

/** For the timer, which every host has: one without a place for backups is no failure. */
async function backUpAll(context: Context, options: BackupOptions): Promise<void> {
  const { report, configPath } = context;
  const places = await enterAll(context);
  if ((await readHostConfig(context)).backup !== undefined)
    return forAll(context, places, (place) => backUp(context, place, options), AT_ONCE);
  report.document({ tenants: 0, failed: [] });
  if (report.terminal.isLive)
    report.say(`Nothing to do: ${configPath} names no place for backups ("backup").`);
}

async function backUp(context: Context, place: Place, options: BackupOptions): Promise<void> {
  const { host, report } = context;
  const { tenant } = place;
  await requireVolume(context, place);
  await requireTrustedData(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    await requireNoRestore(context, place);
    const steps = await decide(context, place);
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    const watch = watchHealth(host, { [LABEL.tenant]: tenant.name }, PATIENCE_MS);
    await carryOut(context, tenant.name, steps, { watch, wait: true });
    await summarise(context, place);
  });
}

/** @throws AiplatError (exit 3) while data is neither the old nor the new. */
async function requireNoRestore({ host }: Context, { tenant }: Place): Promise<void> {
  if (!(await host.files.list(dataDir(tenant))).includes(RESTORING)) return;
  throw notReady(
    `${tenant.name}: a restore was interrupted, and what is there now is no whole backup.`,
    `${restoringDir(tenant)} is still there.`,
    `Run the same restore again; or when the data is as you want it, remove that directory.`,
  );
}

async function decide(context: Context, place: Place): Promise<Step[]> {
  const { host } = context;
  const { tenant } = place;
  const backups = await openBackups(context, place);
  const [stack, containers] = await Promise.all([
    readStack(context, place),
    host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } }),
  ]);
  const data = await findData(context, place.catalog, stack, containers);
  return planBackup({
    tenant,
    repository: backups.repository,
    keep: backups.config,
    hasPassword: backups.hasPassword,
    hasRepository: backups.hasRepository,
    newPassword: generateSecret('token', host.random),
    data,
    gathered: await gather(context, place, manifestOf(context, stack, containers, data)),
  });
}

/** What ran when it was made, for people who bring it back. */
function manifestOf(
  { host, version }: Context,
  { tenant, services }: Stack,
  containers: readonly FoundContainer[],
  data: readonly FoundData[],
): object {
  return {
    tenant: tenant.name,
    at: host.clock.now().toISOString(),
    aiplat: version,
    images: Object.fromEntries(services.map(({ service, container }) => [service.name, container.image])),
    running: containers
      .filter(({ state }) => state === 'running')
      .map(({ name, image }) => ({ name, image })),
    data: data.map(({ service, directories, dump }) => ({ service, directories, dump: dump?.file })),
  };
}

async function gather(context: Context, { tenant }: Place, manifest: object): Promise<Map<string, string>> {
  const { host, configPath } = context;
  const [env, record, added] = await Promise.all([
    readEnvText(host, tenant),
    host.files.readText(recordPath(configPath, tenant.name), CONFIG_LIMIT_BYTES),
    host.files.readText(addedPath(configPath, tenant.name), ADDED_LIMIT_BYTES),
  ]);
  const texts = {
    env,
    'record.json': record,
    'services.json': added,
    'manifest.json': `${JSON.stringify(manifest, null, 2)}\n`,
  };
  return new Map(Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

async function summarise(context: Context, place: Place): Promise<void> {
  const { report } = context;
  const { name } = place.tenant;
  const last = (await snapshotsOf(context, await openBackups(context, place))).at(-1);
  if (last === undefined) throw new Error('the snapshot is not in its repository');
  report.document({ tenant: name, snapshot: last.id, addedBytes: last.addedBytes });
  report.show([`${name}: snapshot ${last.id.slice(0, 8)}, ${mebibytes(last.addedBytes)} added.`]);
}
