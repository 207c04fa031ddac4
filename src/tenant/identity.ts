import { refused } from '../errors.ts';
import type { HostConfig } from './host-config.ts';
import { networkName, tenantName } from './names.ts';
import {
  bindAddress,
  FIRST_UID,
  isTenantUid,
  LAST_UID,
  type PortBlock,
  portBlock,
  type Subnet,
  subnetOf,
} from './numbers.ts';

/** Everything about a tenant that follows from the UID and the host config alone. */
export interface Tenant {
  readonly uid: number;
  /** Always the UID: a primary group shared by several users would open one tenant's files to the next. */
  readonly gid: number;
  readonly name: string;
  readonly baseDir: string;
  readonly domain: string;
  readonly network: string;
  readonly block: PortBlock;
  readonly address: string;
  readonly subnet: Subnet;
  readonly openclawUid: number;
}

/** Works out a tenant. The same UID and host config give the same answer on every host. */
export function describeTenant(uid: number, host: HostConfig): Tenant {
  requireTenantUid(uid, `UID ${uid}`);
  const name = tenantName(uid);
  return {
    uid,
    gid: uid,
    name,
    baseDir: `${host.dataRoot}/data-${name}`,
    domain: `${name}.${host.baseDomain}`,
    network: networkName(uid),
    block: portBlock(uid),
    address: bindAddress(uid),
    subnet: subnetOf(uid, host.subnetPool),
    openclawUid: uid + host.openclawUidOffset,
  };
}

/**
 * Reads `tenant-1001`.
 * @throws AiplatError (exit 2) for anything else, leading zeros and capitals included.
 */
export function parseTenantName(text: string): number {
  const digits = /^tenant-([1-9]\d{3,4})$/.exec(text)?.[1];
  if (digits === undefined) {
    throw refused(
      `${JSON.stringify(text)} is no tenant's name.`,
      `A tenant is called tenant- and its UID, ${FIRST_UID} to ${LAST_UID}, without leading zeros.`,
      'Write it like tenant-1001. `getent passwd USER` shows the UID of a user.',
    );
  }
  requireTenantUid(Number(digits), text);
  return Number(digits);
}

function requireTenantUid(uid: number, label: string): void {
  if (isTenantUid(uid)) return;
  throw refused(
    `${label} cannot be a tenant.`,
    `Tenants have the UIDs ${FIRST_UID} to ${LAST_UID}; below are the system's accounts, above is nothing that a kernel promises.`,
    'Use an account whose UID lies in that range (useradd --uid 1001 NAME).',
  );
}

/** Who runs aiplat, as the kernel and sudo tell it. */
export interface Caller {
  readonly uid: number;
  /** Set by sudo, and trusted only when `uid` is 0. */
  readonly sudoUid: number | undefined;
  /** May the user behind sudo act for any tenant? */
  readonly isAdmin: boolean;
  /** Is the user behind sudo a member of the tenants' group? */
  readonly isTenant: boolean;
  readonly cwd: string;
}

const selfOf = (caller: Caller): number => (caller.uid === 0 ? (caller.sudoUid ?? 0) : caller.uid);

/** Root itself does, and who is an admin or no tenant and came through sudo. The tenants' rule makes nobody more. */
export const actsForAll = (caller: Caller): boolean =>
  caller.uid === 0 && (caller.isAdmin || !(caller.isTenant || isTenantUid(selfOf(caller))));

/** @throws AiplatError (exit 2) when the caller is a tenant or not root. */
export function requireAdmin(caller: Caller): void {
  if (actsForAll(caller)) return;
  throw refused(
    'You may not do that for all tenants.',
    `You are UID ${selfOf(caller)}; a tenant works on the own stack alone.`,
    'Leave --all away, or ask an admin of this host.',
  );
}

/**
 * Which tenant is meant. A tenant is always the own one; an admin names one by `--tenant`, else by the
 * working directory, else is one.
 * @throws AiplatError (exit 2) when a tenant names another, or when nobody is named.
 */
export function identify(caller: Caller, tenantOption: string | undefined, dataRoot: string): number {
  const self = selfOf(caller);
  const named = tenantOption === undefined ? undefined : parseTenantName(tenantOption);
  if (!actsForAll(caller)) return ownTenant(self, named);
  const uid = named ?? uidOfDirectory(caller.cwd, dataRoot) ?? self;
  if (isTenantUid(uid)) return uid;
  throw refused(
    'No tenant was named.',
    `You are UID ${self}, which is no tenant, and ${caller.cwd} is no tenant's directory.`,
    'Add --tenant tenant-1001 (with the tenant that you mean).',
  );
}

function ownTenant(self: number, named: number | undefined): number {
  if (named !== undefined && named !== self) {
    throw refused(
      `You are not ${tenantName(named)}.`,
      `You are UID ${self}; a tenant works on the own stack alone.`,
      'Leave --tenant away, or ask an admin of this host.',
    );
  }
  requireTenantUid(self, `UID ${self}`);
  return self;
}

/** `/mnt/data-tenant-1001/config/x` → 1001: the first component below the data root decides, nothing deeper. */
export function uidOfDirectory(directory: string, dataRoot: string): number | undefined {
  if (!directory.startsWith(`${dataRoot}/`)) return undefined;
  const first = directory.slice(dataRoot.length + 1).split('/')[0] ?? '';
  const uid = Number(/^data-tenant-([1-9]\d{3,4})$/.exec(first)?.[1]);
  return isTenantUid(uid) ? uid : undefined;
}
