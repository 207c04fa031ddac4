import { requireConfinement } from '../apparmor/confinement.ts';
import { catalog, vectorDbs } from '../catalog/catalog.ts';
import { AiplatError, EXIT, notReady } from '../errors.ts';
import { imageReferences, readRecipes } from '../images/read.ts';

import { describeStack, type HostFirewall, type Stack } from '../stack/stack.ts';
import { TEMPLATE_NAMES } from '../stack/templates.ts';
import { isAtLeast } from '../stack/versions.ts';
import type { KeyContext } from '../tenant/env-keys.ts';
import { type HostConfig, limitsOf, parseHostConfig } from '../tenant/host-config.ts';
import {
  type Caller,
  describeTenant,
  identify,
  parseTenantName,
  requireAdmin,
  type Tenant,
} from '../tenant/identity.ts';
import { envPath, lockPath, stateDirectory } from '../tenant/layout.ts';
import { LABEL, sliceParent } from '../tenant/names.ts';
import { parseSettings, type Settings } from '../tenant/settings.ts';
import type { Context, TenantOptions } from './context.ts';

/** A `.env` and a host config are small; what is larger is neither. */
export const CONFIG_LIMIT_BYTES = 64 * 1024;
/** The API version in which health checks learned `start_interval` (Docker Engine 25). */
const START_INTERVAL_API = '1.44';

export interface Place {
  readonly config: HostConfig;
  readonly tenant: Tenant;
}

/** What the keys of a `.env` may hold, as the catalogue has it. */
export const keyContext: KeyContext = {
  services: [...catalog.keys()],
  vectorDbs: vectorDbs(catalog),
  secrets: [...catalog.values()].flatMap(({ secrets }) => secrets),
};

/** Reads the host config; when there is none the defaults hold. */
export async function readHostConfig({ host, configPath }: Context): Promise<HostConfig> {
  return parseHostConfig(await host.files.readText(configPath, CONFIG_LIMIT_BYTES), configPath);
}

/** Finds out which tenant is meant, by whom, and under which host config. */
export async function enter(context: Context, options: TenantOptions): Promise<Place> {
  const config = await readHostConfig(context);
  const tenantUid = identify(await callerOf(context, config), options.tenant, config.dataRoot);
  return { config, tenant: describeTenant(tenantUid, config) };
}

/** Every tenant that has a container, running or not, in the order of their UIDs. */
export async function enterAll(context: Context): Promise<Place[]> {
  const config = await readHostConfig(context);
  requireAdmin(await callerOf(context, config));
  requireRoot(context);
  const containers = await context.host.docker.listContainers({});
  const names = new Set(containers.flatMap(({ labels }) => labels[LABEL.tenant] ?? []));
  const uids = [...names].map(parseTenantName).sort((one, other) => one - other);
  return uids.map((uid) => ({ config, tenant: describeTenant(uid, config) }));
}

async function callerOf({ host, caller }: Context, { adminGroup }: HostConfig): Promise<Caller> {
  const { uid, sudoUid, cwd } = caller;
  const isAdmin = sudoUid !== undefined && (await host.accounts.isMember(sudoUid, adminGroup));
  return { uid, sudoUid, cwd, isAdmin };
}

/** @throws AiplatError (exit 3) when the caller is not root: mounts, owners and the engine are root's. */
export function requireRoot({ caller }: Context): void {
  if (caller.uid === 0) return;
  throw notReady(
    'This command needs root.',
    `You are UID ${caller.uid}; the engine and the tenants' directories belong to root.`,
    `Type: sudo ${caller.commandLine}`,
  );
}

/** @throws AiplatError (exit 3) when the tenant's volume is not where the data has to go. */
export async function requireVolume({ host }: Context, { config, tenant }: Place): Promise<void> {
  if (!config.requireMount || (await host.files.isMountPoint(tenant.baseDir))) return;
  throw notReady(
    `${tenant.name}: no volume is mounted at ${tenant.baseDir}.`,
    'The data would land on the disk of the host, where it has no limit and no backup of its own.',
    `Mount the volume (mount /dev/… ${tenant.baseDir}), or on a development machine set "requireMount": false in the host config.`,
  );
}

/** Reads the tenant's `.env`. @throws AiplatError (exit 3) when there is none yet, (exit 2) when it is wrong. */
export async function readSettings({ host }: Context, tenant: Tenant): Promise<Settings> {
  const path = envPath(tenant);
  const text = await host.files.readText(path, CONFIG_LIMIT_BYTES);
  if (text === undefined) {
    throw notReady(
      `${tenant.name} is not set up.`,
      `${path} does not exist.`,
      `Run: aiplat setup --tenant ${tenant.name}`,
    );
  }
  return parseSettings({ path, text }, tenant, keyContext);
}

/** Works out what the tenant's stack has to be on this host. @throws AiplatError (exit 3) without the means for it. */
export async function readStack(context: Context, place: Place): Promise<Stack> {
  const { host, version } = context;
  const { config, tenant } = place;
  const [settings, engine, texts, recipes] = await Promise.all([
    readSettings(context, tenant),
    host.docker.facts(),
    Promise.all(TEMPLATE_NAMES.map(async (name) => [name, await host.templates.text(name)] as const)),
    config.images === 'embedded' ? readRecipes(host) : new Map(),
  ]);
  return describeStack({
    tenant,
    settings,
    catalog,
    source: config.images,
    embeddedImages: imageReferences(recipes),
    templates: new Map(texts),
    hasStartInterval: isAtLeast(engine.apiVersion, START_INTERVAL_API),
    kernel: engine.kernelVersion,
    confinement: requireConfinement(config.confinement, engine),
    dataRoot: config.dataRoot,
    firewall: config.firewall === 'off' ? undefined : hostFirewall(config),
    slice: {
      driver: engine.cgroupDriver,
      parent: sliceParent(tenant.uid, engine.cgroupDriver),
      limits: limitsOf(config, tenant.name),
    },
    renderedDir: `${stateDirectory(config.stateDir, tenant)}/rendered`,
    version,
  });
}

export const hostFirewall = ({ stateDir, runDir, egress }: HostConfig): HostFirewall => ({
  stateDir,
  egress,
  lockPath: `${runDir}/locks/firewall.lock`,
});

/** What one command at a time may work on. */
export interface LockSubject {
  readonly path: string;
  readonly what: string;
}

export const tenantLock = ({ config, tenant }: Place): LockSubject => ({
  path: lockPath(config.runDir, tenant),
  what: tenant.name,
});

/**
 * Runs a change while no other change of the same subject runs.
 * @throws AiplatError (exit 5) when another command holds it.
 */
export async function whileLocked<T>(
  context: Context,
  subject: LockSubject,
  options: TenantOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { host, caller } = context;
  const holder = {
    pid: process.pid,
    command: caller.commandLine,
    user: String(caller.sudoUid ?? caller.uid),
    since: host.clock.now().toISOString(),
  };
  const lock = await host.locks.acquire(subject.path, holder, (options.waitLock ?? 0) * 1000);
  if (!('release' in lock)) {
    throw new AiplatError({
      what: `${subject.what} is busy.`,
      why: `Since ${lock.since || 'a moment ago'} \`${lock.command}\` (pid ${lock.pid}, UID ${lock.user}) works on it.`,
      fix: 'Wait until it is done, or wait for it: --wait-lock 600. The lock goes with its process.',
      exitCode: EXIT.busy,
    });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
