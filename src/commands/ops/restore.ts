import { dirname } from 'node:path';
import { freeStamp } from '../../backup/aside.ts';
import { type Contents, contentsOf, dataDir, GATHERED } from '../../backup/contents.ts';
import { readSaved } from '../../backup/repository.ts';
import type { Snapshot } from '../../backup/restic.ts';
import { planRestore, type ReturningEnv } from '../../backup/restore-plan.ts';
import { partEnv, wholeEnv } from '../../backup/returning-env.ts';
import { catalog, unitOf } from '../../catalog/catalog.ts';
import { DATABASE_SERVER } from '../../catalog/databases.ts';
import type { Service } from '../../catalog/schema.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Step } from '../../stack/step.ts';
import { envPath } from '../../tenant/layout.ts';
import { LABEL } from '../../tenant/names.ts';
import { parseSettings } from '../../tenant/settings.ts';
import { type Danger, requireConfirmation, requireSameName } from '../confirm.ts';
import type { Context, TenantOptions } from '../context.ts';
import { decide, start, verify } from '../deploy.ts';
import { enter, type Place, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readEnvText } from '../read-env.ts';
import { keyContext, stackOf } from '../read-stack.ts';
import { type Chosen, chooseSnapshot, requireSaved, returningOf } from './choose-backup.ts';
import { drill } from './drill.ts';
import { type Backups, openBackups, requireTrustedData, snapshotsOf } from './open-backups.ts';

export interface RestoreOptions extends TenantOptions {
  /** This service alone. */
  readonly service?: string;
  /** Into this directory, and nothing else. */
  readonly to?: string;
  /** The tenant's name, typed once more. */
  readonly confirm?: string;
  readonly dryRun?: boolean;
}

const REPLACING: Danger = {
  what: 'replacing data',
  question: 'This replaces the data',
  otherwise: 'restore into another place: --to DIRECTORY',
};
/** As long as a deploy waits by itself. */
const AS_DEPLOY = { wait: true, timeout: 300 } as const;

/**
 * Brings data, copies of databases and the `.env` back, and the stack up with them. Killed at any moment, the
 * same command ends it.
 * @param which `latest`, or the beginning of a snapshot's id.
 */
export async function restore(context: Context, which: string, options: RestoreOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  if (options.to !== undefined) return drill(context, place, which, { ...options, to: options.to });
  if (options.confirm !== undefined) requireSameName(place.tenant, options.confirm);
  await requireVolume(context, place);
  await requireTrustedData(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const { stack, steps, snapshot } = await draft(context, place, which, options);
    const isDry = options.dryRun === true;
    context.report.plan(steps, true);
    if (!isDry) {
      await requireConfirmation(context, place.tenant, options.confirm, REPLACING);
      await start(context, stack, steps, AS_DEPLOY);
      await verify(context, stack, AS_DEPLOY);
    }
    summarise(context, place, snapshot, isDry ? 0 : steps.length);
  });
}

interface Draft {
  readonly stack: Stack;
  readonly steps: readonly Step[];
  readonly snapshot: Snapshot;
}

async function draft(context: Context, place: Place, which: string, options: RestoreOptions): Promise<Draft> {
  const { host } = context;
  const { tenant } = place;
  const backups = await openBackups(context, place);
  const snapshot = chooseSnapshot(place, await snapshotsOf(context, backups), which);
  const contents = contentsOf(snapshot);
  const chosen = requireSaved(contents, options.service);
  const env = await returningEnv(context, place, { backups, snapshot, contents, chosen });
  const settings = parseSettings({ path: envPath(tenant), text: env.text }, tenant, keyContext);
  const stack = await stackOf(context, place, settings);
  const returning = returningOf(stack, chosen);
  const units = chosen.services.map(unitOf);
  const all = [...catalog.values()].filter((service) => units.includes(unitOf(service)));
  const replaced = new Set(all.map(({ name }) => name));
  const isGone = ({ labels }: FoundContainer): boolean => replaced.has(labels[LABEL.service] ?? '');
  const containers = await host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } });
  const known = stack.services.map(({ service }) => service.name);
  const present = await host.files.list(dataDir(tenant));
  const only = chosen.isPart ? { only: known.filter((name) => replaced.has(name)) } : {};
  const steps = planRestore({
    tenant,
    repository: backups.repository,
    snapshot,
    contents,
    isPart: chosen.isPart,
    returning,
    present,
    containers: containers.filter(isGone),
    env,
    stamp: freeStamp(host.clock.now(), [...present, ...env.present]),
    deploy: await decide(context, place, stack, { ...only, isGone }),
  });
  return { stack, steps, snapshot };
}

interface Source {
  readonly backups: Backups;
  readonly snapshot: Snapshot;
  readonly contents: Contents;
  readonly chosen: Chosen;
}

async function returningEnv(
  { host }: Context,
  { tenant }: Place,
  { backups, snapshot, contents, chosen }: Source,
): Promise<ReturningEnv> {
  const path = `${contents.dataDir}/${GATHERED}/env`;
  const [saved, current, present] = await Promise.all([
    readSaved(host, backups.repository, snapshot.id, path),
    readEnvText(host, tenant),
    host.files.list(dirname(envPath(tenant))),
  ]);
  const isPart = chosen.isPart && current !== undefined;
  const text = isPart ? partEnv(saved, current, readersOf(chosen.services)) : wholeEnv(saved, current);
  return { text, current, present };
}

/** Services whose keys read the data of these: PostgreSQL holds the data of others. */
const readersOf = (services: readonly Service[]): Service[] =>
  services.some(({ name }) => name === DATABASE_SERVER)
    ? [...services, ...[...catalog.values()].filter(({ databases }) => databases.length > 0)]
    : [...services];

function summarise({ report }: Context, { tenant }: Place, { id, time }: Snapshot, changed: number): void {
  report.document({ tenant: tenant.name, snapshot: id, changed });
  const name = `${id.slice(0, 8)} of ${time.slice(0, 16).replace('T', ' ')} UTC`;
  report.show([
    changed === 0
      ? `The snapshot ${name} would be brought back; nothing was changed.`
      : `${tenant.name} is as in the snapshot ${name}, and healthy.`,
  ]);
}
