import { createHash } from 'node:crypto';
import { expand } from '../catalog/expand.ts';
import type { EdgeConfig } from '../tenant/config-fields.ts';
import type { Route } from './route.ts';

/** The account of the process that sees the traffic. */
export const EDGE_USER = 'aiplat-edge';

/** Texts of templates/edge. */
export interface EdgeTemplates {
  readonly main: string;
  readonly tenant: string;
  readonly unit: string;
}

/** Where the files of the edge lie. */
export interface EdgePaths {
  readonly dir: string;
  readonly config: string;
  readonly map: string;
  readonly empty: string;
  readonly record: string;
  readonly socketDir: string;
  readonly socket: string;
}

export function edgePaths(stateDir: string, runDir: string): EdgePaths {
  const dir = `${stateDir}/edge`;
  const socketDir = `${runDir}/edge`;
  return {
    dir,
    config: `${dir}/haproxy.cfg`,
    map: `${dir}/hosts.map`,
    empty: `${dir}/empty`,
    record: `${dir}/edge.json`,
    socketDir,
    socket: `${socketDir}/master.sock`,
  };
}

/** What HAProxy reads. */
export interface EdgeTexts {
  readonly config: string;
  /** Domains and the tenants whose they are. */
  readonly map: string;
  /** Names both. */
  readonly version: string;
}

/** HAProxy lets half as many connections again wait for a place as a tenant may have at once. */
const WAITING_RATIO = 1.5;
const DOMAIN = /^[a-z0-9.-]{1,253}$/;
const TENANT = /^tenant-[1-9]\d{3,4}$/;
const ADDRESS = /^127\.0\.\d{1,3}\.1$/;

/** The whole configuration of the edge; the same routes give the same texts, in whatever order they come. */
export function renderEdge(
  { main, tenant }: EdgeTemplates,
  paths: EdgePaths,
  settings: EdgeConfig,
  routes: readonly Route[],
): EdgeTexts {
  const live = routes
    .filter(({ isLive }) => isLive)
    .sort((one, other) => (one.tenant < other.tenant ? -1 : 1));
  live.forEach(requirePlain);
  const map = live.map(({ domain, tenant: name }) => `${domain} ${name}\n`).join('');
  const fill = (version: string): string =>
    fillIn(main, {
      version,
      user: EDGE_USER,
      emptyDir: paths.empty,
      map: paths.map,
      maxConnections: String(settings.connections),
      clientConnections: String(settings.clientConnections),
      bindHttps: binds(settings.addresses, settings.httpsPort),
      bindHttp: binds(settings.addresses, settings.httpPort),
      tenants: live.map((route) => backend(tenant, route, settings)).join('\n'),
    });
  const version = createHash('sha256').update(fill('')).update(map).digest('hex').slice(0, 12);
  return { config: fill(version), map, version };
}

export const edgeUnit = ({ unit }: EdgeTemplates, { config, socketDir, socket }: EdgePaths): string =>
  fillIn(unit, { config, socketDir, socket });

const backend = (template: string, route: Route, { tenantConnections }: EdgeConfig): string =>
  fillIn(template, {
    tenant: route.tenant,
    address: route.address,
    https: String(route.https),
    http: String(route.http),
    connections: String(tenantConnections),
    most: String(Math.round(tenantConnections * WAITING_RATIO)),
  });

/** A wildcard for IPv6 leaves that of IPv4 to the line that names it. */
const binds = (addresses: readonly string[], port: number): string =>
  addresses
    .map(
      (address) => `    bind ${address.includes(':') ? `[${address}]:${port} v6only` : `${address}:${port}`}`,
    )
    .join('\n');

const fillIn = (template: string, values: Readonly<Record<string, string>>): string =>
  expand(template, Object.fromEntries(Object.entries(values).map(([key, text]) => [key, () => text])));

/** @throws Error for a route that no tenant can have: it would be another line than it looks like. */
function requirePlain(route: Route): void {
  const { tenant, domain, address, https, http } = route;
  const isPlain =
    TENANT.test(tenant) &&
    DOMAIN.test(domain) &&
    ADDRESS.test(address) &&
    Number.isInteger(https) &&
    Number.isInteger(http);
  if (!isPlain) throw new Error(`${JSON.stringify(route)} cannot stand in the edge`);
}
