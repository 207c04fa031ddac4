import { type AiplatError, notReady, refused } from '../errors.ts';
import type { Account, Group } from '../host/host.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import type { Tenant } from '../tenant/identity.ts';
import type { TenantRecord } from '../tenant/record.ts';

/** What was found about somebody who is to be a tenant. */
export interface Candidate {
  readonly account: Account;
  readonly tenant: Tenant;
  /** Names of all groups of the account. */
  readonly groups: readonly string[];
  /** The group whose number is the account's UID. */
  readonly ownGroup: Group | undefined;
  /** What this host has under the number that the tenant's OpenClaw will have. */
  readonly openclaw: { readonly account: Account | undefined; readonly isDelegated: boolean };
  /** The record under the account's UID, from an earlier admission. */
  readonly before: TenantRecord | undefined;
  /** Records of all other tenants, by their names. */
  readonly others: ReadonlyMap<string, TenantRecord>;
}

/** Each of them can become root by what it may do, and no wall of aiplat stands against root. */
const ROOT_GROUPS: Readonly<Record<string, string>> = {
  docker: 'Whoever may talk to the engine can start a container that mounts the whole host',
  disk: 'It reads and writes every disk, the volumes of all tenants among them',
  lxd: 'It can start a container that mounts the whole host',
  incus: 'It can start a container that mounts the whole host',
  'incus-admin': 'It can start a container that mounts the whole host',
};

/** Does this group make root of its members? */
export const isPowerful = (group: string): boolean => group in ROOT_GROUPS;

/** What is in the way of an admission. @returns undefined when nothing is. */
export const admissionFault = (
  candidate: Candidate,
  record: TenantRecord,
  config: HostConfig,
): AiplatError | undefined =>
  powerfulGroup(candidate) ??
  wrongGroup(candidate) ??
  formerHolder(candidate) ??
  takenIdentity(candidate, config) ??
  takenVolume(candidate, record);

function powerfulGroup({ account, groups }: Candidate): AiplatError | undefined {
  const name = groups.find(isPowerful);
  if (name === undefined) return undefined;
  return refused(
    `${account.name} cannot be a tenant: it is a member of the group ${name}.`,
    `${ROOT_GROUPS[name]}. That is root, and no wall holds.`,
    `A tenant needs no such group: gpasswd --delete ${account.name} ${name}`,
  );
}

/** The tenant's files belong to the group with the tenant's number, which nobody else may be in. */
function wrongGroup({ account, ownGroup }: Candidate): AiplatError | undefined {
  const { name, uid, gid } = account;
  if (gid !== uid) {
    return refused(
      `${name} cannot be a tenant: its group is ${gid}, and has to be ${uid}.`,
      "A tenant's files belong to the group with the number of its UID; a group that users share would open them to the next.",
      ownGroup === undefined
        ? `Give it a group of its own: groupadd --gid ${uid} ${name} && usermod --gid ${uid} ${name}`
        : `Give it the group ${ownGroup.name}: usermod --gid ${uid} ${name}`,
    );
  }
  const others = ownGroup?.members.filter((member) => member !== name) ?? [];
  if (others.length === 0) return undefined;
  return refused(
    `${name} cannot be a tenant: its group ${ownGroup?.name} has other members.`,
    `${others.join(', ')} could read what belongs to the tenant.`,
    `Take them out: gpasswd --delete ${others[0]} ${ownGroup?.name}`,
  );
}

/** A UID that was given to somebody else would bring the data and secrets of its former holder along. */
function formerHolder({ account, tenant, before }: Candidate): AiplatError | undefined {
  if (before?.user === undefined || before.user === account.name) return undefined;
  return refused(
    `${account.name} cannot be a tenant: ${tenant.name} is ${before.user}.`,
    `${before.user} was admitted with the UID ${account.uid}; what is in ${tenant.baseDir} would be ${account.name}'s from now on.`,
    `Let the former holder go: aiplat host evict ${tenant.name} --delete-data. When both are one person: write "user": "${account.name}" into ${tenant.name}.json beside the host config.`,
  );
}

function takenIdentity({ tenant, openclaw }: Candidate, config: HostConfig): AiplatError | undefined {
  const { openclawUid } = tenant;
  const holder =
    openclaw.account === undefined
      ? openclaw.isDelegated
        ? 'a range of /etc/subuid or /etc/subgid holds it'
        : undefined
      : `the account ${openclaw.account.name} has it`;
  if (holder === undefined) return undefined;
  return notReady(
    `${tenant.name}: the UID ${openclawUid} of its OpenClaw is not free.`,
    `It is ${tenant.uid} + ${config.openclawUidOffset}, and ${holder}.`,
    'Set another "openclawUidOffset" in the host config, one that no account of this host can meet.',
  );
}

function takenVolume({ others }: Candidate, { volume, device }: TenantRecord): AiplatError | undefined {
  const holder = [...others].find(
    ([, other]) =>
      (volume !== undefined && other.volume === volume) || (device !== undefined && other.device === device),
  );
  if (holder === undefined) return undefined;
  return refused(
    `${holder[0]} has the volume ${volume ?? device} already.`,
    'A volume belongs to one tenant.',
    'Name another: `lsblk -o NAME,SERIAL,SIZE,MOUNTPOINTS` shows all of this host.',
  );
}
