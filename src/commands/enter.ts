import { withAdded } from '../catalog/added.ts';
import { type Catalog, catalog } from '../catalog/catalog.ts';
import { notReady, refused } from '../errors.ts';
import { type AddedServices, addedPath, parseAdded } from '../tenant/added.ts';
import { type HostConfig, parseHostConfig } from '../tenant/host-config.ts';
import {
  actsForAll,
  type Caller,
  describeTenant,
  identify,
  parseTenantName,
  requireAdmin,
  type Tenant,
} from '../tenant/identity.ts';
import { LABEL, tenantName } from '../tenant/names.ts';
import { isTenantUid } from '../tenant/numbers.ts';
import { parseRecord, recordPath, type TenantRecord } from '../tenant/record.ts';
import { mountFault } from '../volumes/faults.ts';
import { namesVolume } from '../volumes/find.ts';
import { observeMounts } from '../volumes/observe.ts';
import type { Context, TenantOptions } from './context.ts';

/** A `.env` and a host config are small; what is larger is neither. */
export const CONFIG_LIMIT_BYTES = 64 * 1024;
/** Some hundred services with their environments. */
export const ADDED_LIMIT_BYTES = 1024 * 1024;

export interface Place {
  readonly config: HostConfig;
  readonly tenant: Tenant;
  /** What the admin decided about the tenant. */
  readonly record: TenantRecord;
  /** What the admin added to the tenant's stack. */
  readonly added: AddedServices;
  /** All services that this tenant can have. */
  readonly catalog: Catalog;
}

/** Reads the host config; when there is none the defaults hold. */
export async function readHostConfig({ host, configPath }: Context): Promise<HostConfig> {
  return parseHostConfig(await host.files.readText(configPath, CONFIG_LIMIT_BYTES), configPath);
}

/** Finds out which tenant is meant, by whom, and under which host config. */
export async function enter(context: Context, options: TenantOptions): Promise<Place> {
  const config = await readHostConfig(context);
  const tenantUid = identify(await callerOf(context, config), options.tenant, config.dataRoot);
  return placeOf(context, config, tenantUid);
}

/**
 * For what an admin alone decides about a tenant.
 * @throws AiplatError (exit 3) for everybody else, with what an admin has to type.
 */
export async function enterAsAdmin(context: Context, tenant: string): Promise<Place> {
  requireRoot(context);
  const config = await readHostConfig(context);
  const caller = await callerOf(context, config);
  if (actsForAll(caller)) return placeOf(context, config, identify(caller, tenant, config.dataRoot));
  throw notReady(
    'This is for admins of this host.',
    `You are UID ${caller.sudoUid}; what runs beside the catalogue is not decided by its tenant.`,
    `Ask an admin of this host to type: sudo ${context.caller.commandLine}`,
  );
}

/** Everything that is known of a tenant before anything of its own is read. */
async function placeOf({ host, configPath }: Context, config: HostConfig, uid: number): Promise<Place> {
  const path = recordPath(configPath, tenantName(uid));
  const record = parseRecord(await host.files.readText(path, CONFIG_LIMIT_BYTES), path);
  const added = await readAdded({ host, configPath }, tenantName(uid));
  return { config, tenant: describeTenant(uid, config), record, added, catalog: withAdded(catalog, added) };
}

async function readAdded(
  { host, configPath }: Pick<Context, 'host' | 'configPath'>,
  tenant: string,
): Promise<AddedServices> {
  const path = addedPath(configPath, tenant);
  return parseAdded(await host.files.readText(path, ADDED_LIMIT_BYTES), path);
}

/** Every tenant that has a container, running or not, in the order of their UIDs. */
export async function enterAll(context: Context): Promise<Place[]> {
  const config = await readHostConfig(context);
  requireAdmin(await callerOf(context, config));
  requireRoot(context);
  const containers = await context.host.docker.listContainers({});
  const names = new Set(containers.flatMap(({ labels }) => labels[LABEL.tenant] ?? []));
  const uids = [...names].map(parseTenantName).sort((one, other) => one - other);
  return Promise.all(uids.map((uid) => placeOf(context, config, uid)));
}

/** @throws AiplatError (exit 2) for a tenant: what goes beyond the own stack is an admin's. */
export async function requireAdminCaller(context: Context, config: HostConfig): Promise<void> {
  requireAdmin(await callerOf(context, config));
}

/**
 * For commands on the host as a whole.
 * @throws AiplatError (exit 3) when the caller is not root, (exit 2) when it is root for a tenant.
 */
export async function enterHost(context: Context): Promise<HostConfig> {
  requireRoot(context);
  const config = await readHostConfig(context);
  const { sudoUid } = context.caller;
  const groups = sudoUid === undefined ? [] : await groupsOf(context, sudoUid);
  if (!groups.includes(config.tenantGroup) || groups.includes(config.adminGroup)) return config;
  throw refused(
    'You may not do that for the host.',
    `You are UID ${sudoUid}, a tenant of this host.`,
    'Ask an admin of this host.',
  );
}

async function groupsOf({ host }: Context, uid: number): Promise<readonly string[]> {
  const account = await host.accounts.byUid(uid);
  return account === undefined ? [] : host.accounts.groupsOf(account.name);
}

async function callerOf(context: Context, config: HostConfig): Promise<Caller> {
  const { uid, sudoUid, cwd } = context.caller;
  const groups = sudoUid === undefined ? [] : await groupsOf(context, sudoUid);
  const isAdmin = groups.includes(config.adminGroup);
  const isTenant = groups.includes(config.tenantGroup);
  if (uid === 0 && sudoUid !== undefined && !isAdmin && !isTenant)
    await requireNoMember(context, config, sudoUid);
  return { uid, sudoUid, cwd, isAdmin, isTenant };
}

/**
 * sudo believes the groups that a session began with (sudo.conf(5), group_source), so whoever was evicted
 * meanwhile still comes through.
 * @throws AiplatError (exit 3) for a UID of tenants on a host that has tenants, of which it is none.
 */
async function requireNoMember(
  { host }: Context,
  { tenantGroup }: HostConfig,
  sudoUid: number,
): Promise<void> {
  if (!isTenantUid(sudoUid) || (await host.accounts.group(tenantGroup)) === undefined) return;
  throw notReady(
    'You are no tenant of this host.',
    `UID ${sudoUid} is no member of the group ${tenantGroup}, or not any more.`,
    `Ask an admin of this host to type: sudo aiplat host admit ${sudoUid}`,
  );
}

/** @throws AiplatError (exit 3) when the caller is not root: mounts, owners and the engine are root's. */
export function requireRoot({ caller }: Context): void {
  if (caller.uid === 0) return;
  throw notReady(
    'This command needs root.',
    `You are UID ${caller.uid}; the engine and the tenants' directories belong to root.`,
    `Type: sudo ${caller.commandLine}. So that tenants need no more than \`${caller.commandLine}\`, an admin prepares the host once: aiplat host init`,
  );
}

/** @throws AiplatError (exit 3) when the tenant's volume is not where the data has to go. */
export async function requireVolume({ host }: Context, { config, tenant, record }: Place): Promise<void> {
  if (namesVolume(record)) {
    const fault = mountFault(await observeMounts(host, tenant, record));
    if (fault !== undefined) throw fault;
    return;
  }
  if (!config.requireMount || (await host.files.isMountPoint(tenant.baseDir))) return;
  throw notReady(
    `${tenant.name}: no volume is mounted at ${tenant.baseDir}.`,
    'The data would land on the disk of the host, where it has no limit and no backup of its own.',
    `Name the volume in the tenant's record and run setup, or mount it (mount /dev/… ${tenant.baseDir}), or on a development machine set "requireMount": false in the host config.`,
  );
}
