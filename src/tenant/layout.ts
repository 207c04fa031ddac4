import type { Tenant } from './identity.ts';

/** A directory as it has to be. */
export interface Directory {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * The tenant's tree. Everything that root works in belongs to root, so that the tenant cannot put a link
 * in its place; the leaves, where containers write, belong to the UID that writes and are closed to all
 * others (a closed parent does not protect a leaf that is mounted).
 */
export function baseDirectories(tenant: Tenant, domain: string): Directory[] {
  const shared = (path: string): Directory => ({ path, uid: 0, gid: tenant.gid, mode: 0o750 });
  const own = (path: string): Directory => ({ path, uid: tenant.uid, gid: tenant.gid, mode: 0o700 });
  return [
    shared(tenant.baseDir),
    ...['data', 'logs', 'config', 'apparmor', 'ssl', 'ssl/certs'].map((name) =>
      shared(`${tenant.baseDir}/${name}`),
    ),
    own(`${tenant.baseDir}/ssl/certs/${domain}`),
  ];
}

/** Where the data of a service lies: `dir` is a folder of its entry's mounts. */
export const dataPath = (tenant: Tenant, dir: string): string => `${tenant.baseDir}/data/${dir}`;

/** The directory of one service's data. `owner` is the UID that its process has. */
export const dataDirectory = (tenant: Tenant, dir: string, owner: number): Directory => ({
  path: dataPath(tenant, dir),
  uid: owner,
  gid: owner,
  mode: 0o700,
});

/** Which change of the vector database was agreed to last. It lies beside the data that it is about. */
export const vectorDbPath = (tenant: Tenant): string => `${tenant.baseDir}/config/vector-db`;

export const envPath = (tenant: Tenant): string => `${tenant.baseDir}/config/.env`;

/** What aiplat itself keeps about a tenant, out of the tenant's reach. */
export const stateDirectory = (stateDir: string, tenant: Tenant): string =>
  `${stateDir}/tenants/${tenant.name}`;

/** What `aiplat host init` put on the host. */
export const installRecordPath = (stateDir: string): string => `${stateDir}/host.json`;

/** The files that aiplat renders for containers: SERVICE/VERSION/… */
export const renderedDirectory = (stateDir: string, tenant: Tenant): string =>
  `${stateDirectory(stateDir, tenant)}/rendered`;

export const lockPath = (runDir: string, tenant: Tenant): string => `${runDir}/locks/${tenant.name}.lock`;

/** All tenants' volumes have their lines in one file. */
export const fstabLockPath = (runDir: string): string => `${runDir}/locks/fstab.lock`;
