import { dirname } from 'node:path';
import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { EdgeConfig } from '../tenant/config-fields.ts';
import { type EdgePaths, type EdgeTemplates, type EdgeTexts, edgeUnit, renderEdge } from './config.ts';
import { claimFault, type Route } from './route.ts';

/** The edge of a host, and one tenant's part of it as it has to be. */
export interface EdgeWish {
  readonly stateDir: string;
  readonly lockPath: string;
  readonly paths: EdgePaths;
  readonly settings: EdgeConfig;
  readonly templates: EdgeTemplates;
  readonly baseDomain: string;
  /** Undefined: the host as a whole. */
  readonly part: EdgePart | undefined;
}

/** One tenant's part. */
export interface EdgePart {
  readonly tenant: string;
  /** The domain that the tenant has by its UID. */
  readonly ownDomain: string;
  /** Undefined: it has none any more. */
  readonly route: Route | undefined;
}

/** What was found of the edge. */
export interface FoundEdge {
  readonly texts: { readonly config: string | undefined; readonly map: string | undefined };
  /** What the texts should be, with this tenant's part as wished. */
  readonly wanted: EdgeTexts;
  /** The routes of all other tenants. */
  readonly others: readonly Route[];
  /** This tenant's. */
  readonly route: Route | undefined;
  /** The version that runs; undefined when none does. */
  readonly running: string | undefined;
  /** Does the next boot start it? True where no systemd could. */
  readonly isAtBoot: boolean;
}

export const EDGE_UNIT = 'aiplat-edge.service';
const PART_LIMIT_BYTES = 16 * 1024;
const FILE_LIMIT_BYTES = 16 * 1024 * 1024;
const LOCK_PATIENCE_MS = 60_000;
const ROOT_ONLY = { uid: 0, gid: 0, mode: 0o600 };

const partPath = (stateDir: string, tenant: string): string => `${stateDir}/tenants/${tenant}/edge.json`;

/** Looks at the edge of the host. */
export async function observeEdge(host: Host, wish: EdgeWish): Promise<FoundEdge> {
  const { paths } = wish;
  const [all, config, map, running, unit, hasUnits, isEnabled] = await Promise.all([
    readRoutes(host, wish.stateDir),
    host.files.readText(paths.config, FILE_LIMIT_BYTES),
    host.files.readText(paths.map, FILE_LIMIT_BYTES),
    host.edge.running(paths.socket),
    host.units.text(EDGE_UNIT),
    host.units.isThere(),
    host.units.isEnabled(EDGE_UNIT),
  ]);
  const others = all.filter(({ tenant }) => tenant !== wish.part?.tenant);
  return {
    texts: { config, map },
    wanted: textsOf(wish, others),
    others,
    route: all.find(({ tenant }) => tenant === wish.part?.tenant),
    running,
    isAtBoot: !hasUnits || (isEnabled && unit === edgeUnit(wish.templates, paths)),
  };
}

/**
 * Why the edge has to be raised anew.
 * @returns undefined when it stands as it should.
 */
export function edgeFault({ part }: EdgeWish, found: FoundEdge): string | undefined {
  const { texts, wanted, route, running, isAtBoot } = found;
  if (part !== undefined && JSON.stringify(route) !== JSON.stringify(part.route)) {
    return part.route === undefined
      ? 'nobody needs its place'
      : route === undefined
        ? 'not found'
        : 'changed';
  }
  if (texts.config === undefined) return 'not found';
  if (texts.config !== wanted.config || texts.map !== wanted.map) return 'changed';
  if (running !== wanted.version) return running === undefined ? 'does not run' : 'runs with another one';
  return isAtBoot ? undefined : 'the next boot would not start it';
}

/**
 * Makes the edge as wished, from all tenants' parts, and has it take them over without losing a connection.
 * Two commands at the same moment do it one after the other.
 * @throws AiplatError (exit 2) when another tenant has the domain meanwhile.
 */
export async function raiseEdge(host: Host, wish: EdgeWish): Promise<void> {
  const now = host.clock.now().toISOString();
  const holder = { pid: process.pid, command: 'aiplat', user: 'root', since: now };
  const lock = await host.locks.acquire(wish.lockPath, holder, LOCK_PATIENCE_MS);
  if (!('release' in lock)) {
    throw new AiplatError({
      what: 'The edge of this host is busy.',
      why: `\`${lock.command}\` (pid ${lock.pid}) has been at it since ${lock.since}.`,
      fix: 'Run the same command again; when it stays so, look at that process.',
      exitCode: EXIT.busy,
    });
  }
  try {
    await change(host, wish);
  } finally {
    await lock.release();
  }
}

async function change(host: Host, wish: EdgeWish): Promise<void> {
  const { paths, part } = wish;
  if (part !== undefined) await keepPart(host, wish, part);
  const texts = textsOf(wish, await readRoutes(host, wish.stateDir), false);
  const candidate = `${paths.config}.next`;
  await host.files.writeText(paths.map, texts.map, ROOT_ONLY);
  await host.files.writeText(candidate, texts.config, ROOT_ONLY);
  const complaint = await host.edge.complaint(candidate);
  if (complaint !== undefined) {
    await host.files.removeTree(candidate);
    throw new AiplatError({
      what: 'HAProxy does not accept its new configuration.',
      why: `It goes on with the old one. Its words: ${complaint}`,
      fix: 'When the message names an address or a port, mend "edge" in the host config; otherwise it is a bug of aiplat.',
      exitCode: EXIT.stopped,
    });
  }
  await host.files.rename(candidate, paths.config);
  await host.units.enable(EDGE_UNIT, edgeUnit(wish.templates, paths));
  await host.edge.takeOver({ unit: EDGE_UNIT, ...paths }, texts.version);
}

async function keepPart(host: Host, wish: EdgeWish, { tenant, ownDomain, route }: EdgePart): Promise<void> {
  const path = partPath(wish.stateDir, tenant);
  if (route === undefined) return host.files.removeTree(path);
  const places = { baseDomain: wish.baseDomain, own: ownDomain };
  const fault = claimFault(route, await readRoutes(host, wish.stateDir), places);
  if (fault !== undefined) throw fault;
  await host.files.makeDirectory({ path: dirname(path), uid: 0, gid: 0, mode: 0o755 });
  await host.files.writeText(path, `${JSON.stringify(route)}\n`, ROOT_ONLY);
}

/** The routes of all tenants. */
export async function readRoutes(host: Host, stateDir: string): Promise<Route[]> {
  const tenants = await host.files.list(`${stateDir}/tenants`);
  const texts = await Promise.all(
    tenants.map((name) => host.files.readText(partPath(stateDir, name), PART_LIMIT_BYTES)),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Route]));
}

function textsOf(wish: EdgeWish, routes: readonly Route[], hasPart = true): EdgeTexts {
  const own = hasPart && wish.part?.route !== undefined ? [wish.part.route] : [];
  return renderEdge(wish.templates, wish.paths, wish.settings, [...routes, ...own]);
}

/** Ends the edge and forgets what the tenants had of it. */
export async function lowerEdge(
  host: Host,
  { stateDir, paths }: Pick<EdgeWish, 'stateDir' | 'paths'>,
): Promise<void> {
  await host.units.disable(EDGE_UNIT);
  await host.edge.stop(paths.socket);
  for (const { tenant } of await readRoutes(host, stateDir)) {
    await host.files.removeTree(partPath(stateDir, tenant));
  }
  await host.files.removeTree(paths.dir);
}
