/** Every name that reaches the machine is made here. */

export const tenantName = (uid: number): string => `tenant-${uid}`;

export const networkName = (uid: number): string => `ai-platform-${uid}`;

/** The bridge's device name: at most 15 characters (IFNAMSIZ), the same prefix for all, so that one rule covers them. */
export const bridgeName = (uid: number): string => `aip-${uid}`;

/** Services whose container is called SERVICE-TENANT; all others are TENANT-SERVICE. */
const NAMED_FIRST = new Set(['caddy', 'tailscale', 'openclaw']);

export const containerName = (tenant: string, service: string): string =>
  NAMED_FIRST.has(service) ? `${service}-${tenant}` : `${tenant}-${service}`;

/** The container that steps aside while its successor has to prove itself. */
export const previousName = (container: string): string => `${container}.previous`;

/** A successor that did not prove itself, kept for whoever wants to know why. */
export const failedName = (container: string): string => `${container}.failed`;

/**
 * The AppArmor profile of a service; without one, the tenant's default. OpenClaw's carries the tenant's
 * UID, not its own, so that an operator finds it.
 */
export const profileName = (uid: number, service?: string): string => {
  if (service === undefined) return `ai-platform-${uid}`;
  return service === 'openclaw' ? `ai-platform-openclaw-${uid}` : `ai-platform-${uid}-${service}`;
};

/** Is this profile one of the tenant's? 1001 has nothing of 10011's. */
export const isProfileOf = (name: string, uid: number): boolean =>
  new RegExp(`^ai-platform-(openclaw-|tenant-)?${uid}(-[a-z0-9-]+)?$`).test(name);

/** The control group of all containers of a tenant; systemd reads dashes in a slice's name as levels. */
export const sliceParent = (uid: number, driver: 'systemd' | 'cgroupfs'): string =>
  driver === 'systemd' ? `aiplat-${uid}.slice` : `/aiplat/${tenantName(uid)}`;

/** `tenant_1001`: for engines whose identifiers know no hyphen (PostgreSQL, Milvus). */
export const slug = (tenant: string): string => tenant.replaceAll('-', '_');

/** `Tenant1001`: for classes of Weaviate, which begin with a capital, and for prefixes that fit every engine. */
export const className = (tenant: string): string => `T${tenant.slice(1).replaceAll('-', '')}`;

/** `tenant_1001_open_webui`: a database of PostgreSQL, and the role of the service that owns it. */
export const databaseName = (tenant: string, name: string): string => slug(`${tenant}-${name}`);

/** The labels on Docker objects: aiplat's memory, there is no other. */
export const LABEL = {
  tenant: 'aiplat.tenant',
  service: 'aiplat.service',
  /** SHA-256 of everything that, when changed, needs another container. */
  hash: 'aiplat.hash',
  /** The same by parts, to say what changed. */
  parts: 'aiplat.parts',
  version: 'aiplat.version',
  /** Published addresses of a container that may be stopped (the engine lists those of running ones alone). */
  ports: 'aiplat.ports',
  /** The vector database of which a client was told. */
  vectorDb: 'aiplat.vector-db',
  project: 'com.docker.compose.project',
  composeService: 'com.docker.compose.service',
  image: 'aiplat.image',
  imageHash: 'aiplat.image.hash',
  imageVersion: 'aiplat.image.version',
} as const;
