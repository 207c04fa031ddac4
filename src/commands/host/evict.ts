import { refused } from '../../errors.ts';
import type { Step } from '../../stack/step.ts';
import { addedPath } from '../../tenant/added.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { describeTenant, parseTenantName } from '../../tenant/identity.ts';
import { tenantName } from '../../tenant/names.ts';
import { recordPath } from '../../tenant/record.ts';
import { namesVolume } from '../../volumes/find.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { hostLock, whileLocked } from '../locked.ts';
import { teardown } from '../teardown.ts';
import { type Admitted, readRecords } from './records.ts';
import { reservationStep } from './reserve.ts';

export interface EvictOptions {
  readonly deleteData?: boolean;
  /** The tenant's name, typed once more. */
  readonly confirm?: string;
  readonly dryRun?: boolean;
  readonly waitLock?: number;
}

/**
 * Lets a tenant go: its stack, its volume, its place on the host. Its account may be gone already. Data is
 * deleted only when that was asked for.
 */
export async function evict(context: Context, who: string, options: EvictOptions): Promise<void> {
  const { report } = context;
  const config = await enterHost(context);
  const all = await readRecords(context);
  const uid = uidOf(who, all);
  const tenant = tenantName(uid);
  const record = all.find((one) => one.uid === uid)?.record;
  const isGone =
    record === undefined &&
    (await context.host.files.stat(describeTenant(uid, config).baseDir)) === undefined;
  await teardown(context, {
    ...options,
    tenant,
    releaseVolume: record !== undefined && namesVolume(record),
    // Nothing is left that could be deleted: an eviction that is over already has nothing to do.
    deleteData: options.deleteData === true && !isGone,
  });
  await whileLocked(context, hostLock(config), options, async () => {
    const steps = await plan(context, config, uid, await readRecords(context));
    const isDry = options.dryRun === true;
    report.plan(steps, true);
    if (isDry) return;
    await carryOut(context, tenant, steps);
    report.show([
      steps.length === 0 ? `${tenant} is no tenant of this host.` : `${tenant} has left this host.`,
    ]);
  });
}

/** `tenant-1001`, the name under which somebody was admitted, or the UID. */
function uidOf(who: string, all: readonly Admitted[]): number {
  if (who.startsWith('tenant-')) return parseTenantName(who);
  if (/^\d+$/.test(who)) return parseTenantName(`tenant-${who}`);
  const found = all.find(({ record }) => record.user === who);
  if (found !== undefined) return found.uid;
  throw refused(
    `${JSON.stringify(who)} is no tenant of this host.`,
    all.length === 0
      ? 'There are none.'
      : `There are ${all.map(({ record, tenant }) => record.user ?? tenant).join(', ')}.`,
    'Take one of these, or a name such as tenant-1001.',
  );
}

async function plan(
  context: Context,
  config: HostConfig,
  uid: number,
  all: readonly Admitted[],
): Promise<Step[]> {
  const tenant = tenantName(uid);
  const record = all.find((one) => one.uid === uid);
  const account = await context.host.accounts.byUid(uid);
  const isMember = account !== undefined && (await context.host.accounts.isMember(uid, config.tenantGroup));
  const leave: Step[] = isMember
    ? [
        {
          id: 'member',
          do: 'remove member',
          target: account.name,
          why: `it is no tenant any more: ${config.tenantGroup}`,
          needs: [],
          group: config.tenantGroup,
        },
      ]
    : [];
  const path = addedPath(context.configPath, tenant);
  const added: Step[] =
    (await context.host.files.stat(path)) === undefined
      ? []
      : [
          {
            id: 'added',
            do: 'remove file',
            target: path,
            why: `services that were added to ${tenant}`,
            needs: [],
          },
        ];
  const left = all.filter((one) => one.uid !== uid).map((one) => one.uid);
  const forget: Step[] =
    record === undefined
      ? []
      : [
          {
            id: 'record',
            do: 'remove file',
            target: recordPath(context.configPath, tenant),
            why: `of ${tenant}`,
            // Last, so that a run that was interrupted finds the name once more.
            needs: ['member', 'reservation', 'added'],
          },
        ];
  return [...leave, ...added, ...(await reservationStep(context, left, [])), ...forget];
}
