import { notReady } from '../../errors.ts';
import type { Account } from '../../host/host.ts';
import { admissionFault, type Candidate } from '../../install/admission.ts';
import type { Step } from '../../stack/step.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { describeTenant } from '../../tenant/identity.ts';
import { envPath, installRecordPath } from '../../tenant/layout.ts';
import { tenantName } from '../../tenant/names.ts';
import {
  parseQuota,
  parseRecord,
  recordPath,
  recordText,
  serialOf,
  type TenantRecord,
} from '../../tenant/record.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { hostLock, whileLocked } from '../locked.ts';
import { requireAccount } from './account.ts';
import { type Admitted, readRecords } from './records.ts';
import { reservationStep } from './reserve.ts';

export interface AdmitOptions {
  /** `vol-0123456789abcdef0`. */
  readonly volume?: string;
  /** Of a disk without a serial number. */
  readonly device?: string;
  /** `memoryMb=16384,pids=8192`. */
  readonly quota?: string;
  readonly gpu?: 'yes' | 'no';
  readonly dryRun?: boolean;
  readonly waitLock?: number;
}

/** Makes a user of this host a tenant. Run again, it changes what is said anew and keeps the rest. */
export async function admit(context: Context, user: string, options: AdmitOptions): Promise<void> {
  const { report } = context;
  const config = await enterHost(context);
  const quota = options.quota === undefined ? undefined : parseQuota(options.quota);
  const account = await requireAccount(context, user);
  const tenant = describeTenant(account.uid, config);
  await requireInstalled(context, config);
  await whileLocked(context, hostLock(config), options, async () => {
    const all = await readRecords(context);
    const before = all.find(({ uid }) => uid === tenant.uid)?.record;
    const volume = options.volume === undefined ? undefined : serialOf(options.volume);
    const disk = diskOf(volume, options.device, before);
    const gpu = options.gpu === undefined ? (before?.gpu ?? false) : options.gpu === 'yes';
    const wished = recordText({ ...disk, user: account.name, gpu, quota: { ...before?.quota, ...quota } });
    const record = parseRecord(wished, recordPath(context.configPath, tenant.name));
    const candidate = await inspect(context, account, config, all);
    const fault = admissionFault(candidate, record, config);
    if (fault !== undefined) throw fault;
    const steps = await plan(context, config, candidate, record, all);
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    report.document({ tenant: tenant.name, uid: tenant.uid, record, changed: isDry ? 0 : steps.length });
    await warnAboutData(context, candidate);
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    await carryOut(context, tenant.name, steps);
    report.show([
      steps.length === 0
        ? `Nothing to do: ${account.name} is ${tenant.name}.`
        : `${account.name} is ${tenant.name} now: ports ${tenant.block.first}–${tenant.block.last} on ${tenant.address}, ${tenant.domain}.`,
      `Next, as ${account.name}: aiplat setup`,
    ]);
  });
}

/** A new word on the disk takes the place of the old one, of either kind. */
const diskOf = (
  volume: string | undefined,
  device: string | undefined,
  before: TenantRecord | undefined,
): Pick<TenantRecord, 'volume' | 'device'> =>
  volume === undefined && device === undefined
    ? { volume: before?.volume, device: before?.device }
    : { volume, device };

/** @throws AiplatError (exit 3) on a host that is not one of aiplat's yet. */
async function requireInstalled({ host }: Context, { stateDir }: HostConfig): Promise<void> {
  if ((await host.files.stat(installRecordPath(stateDir))) !== undefined) return;
  throw notReady(
    'This host is not ready for tenants.',
    'Groups, sudo rule and directories are not there.',
    'Make it ready first: aiplat host init',
  );
}

/** Data that an earlier tenant of this UID left is no secret from the new one. */
async function warnAboutData(
  { host, report }: Context,
  { tenant, account, before }: Candidate,
): Promise<void> {
  if (before !== undefined || (await host.files.stat(envPath(tenant))) === undefined) return;
  report.warn(
    `${tenant.baseDir} has data and secrets already: ${account.name} has them from now on. Somebody else's? \`aiplat host evict ${tenant.name} --delete-data\` deletes them.`,
  );
}

async function inspect(
  { host }: Context,
  account: Account,
  config: HostConfig,
  all: readonly Admitted[],
): Promise<Candidate> {
  const tenant = describeTenant(account.uid, config);
  const { accounts } = host;
  const [groups, ownGroup, holder, isDelegated] = await Promise.all([
    accounts.groupsOf(account.name),
    accounts.groupByGid(account.uid),
    accounts.byUid(tenant.openclawUid),
    accounts.isDelegated(tenant.openclawUid),
  ]);
  const others = new Map(
    all.filter(({ uid }) => uid !== account.uid).map(({ tenant: name, record }) => [name, record]),
  );
  const before = all.find(({ uid }) => uid === account.uid)?.record;
  return { account, tenant, groups, ownGroup, openclaw: { account: holder, isDelegated }, before, others };
}

async function plan(
  context: Context,
  config: HostConfig,
  { account, tenant, groups, before }: Candidate,
  record: TenantRecord,
  all: readonly Admitted[],
): Promise<Step[]> {
  const path = recordPath(context.configPath, tenantName(account.uid));
  const text = recordText(record);
  const isSame = before !== undefined && recordText(before) === text;
  const write: Step[] = isSame
    ? []
    : [
        {
          id: 'record',
          do: 'write file',
          target: path,
          why: before === undefined ? 'not found' : 'changed',
          needs: [],
          text,
          uid: 0,
          gid: 0,
          mode: 0o600,
        },
      ];
  const isMember = groups.includes(config.tenantGroup);
  const join: Step[] = isMember
    ? []
    : [
        {
          id: 'member',
          do: 'add member',
          target: account.name,
          why: `to call aiplat through sudo: ${config.tenantGroup}`,
          needs: ['record'],
          group: config.tenantGroup,
        },
      ];
  const uids = [...new Set([...all.map(({ uid }) => uid), tenant.uid])];
  return [...write, ...join, ...(await reservationStep(context, uids, ['record']))];
}
