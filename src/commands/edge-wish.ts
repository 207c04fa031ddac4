import { EDGE_USER, type EdgeTemplates, edgePaths } from '../edge/config.ts';
import { type EdgePart, type EdgeWish, edgeFault, observeEdge } from '../edge/raise.ts';
import { claimFault, type Route } from '../edge/route.ts';
import type { Host } from '../host/host.ts';
import type { Step } from '../stack/step.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import { describeTenant } from '../tenant/identity.ts';
import type { Settings } from '../tenant/settings.ts';
import type { Place } from './enter.ts';

/** What of the edge is the same for all tenants. */
export type HostEdge = Omit<EdgeWish, 'part'>;

/** The edge of this host, whether it is switched on or not. */
export async function describeEdge(host: Host, config: HostConfig): Promise<HostEdge> {
  const { stateDir, runDir, baseDomain, edge } = config;
  const [main = '', tenant = '', unit = ''] = await Promise.all(
    ['edge/haproxy.cfg', 'edge/tenant.cfg', 'edge/aiplat-edge.service'].map((name) =>
      host.templates.text(name),
    ),
  );
  const templates: EdgeTemplates = { main, tenant, unit };
  const paths = edgePaths(stateDir, runDir);
  return { stateDir, lockPath: `${runDir}/locks/edge.lock`, paths, settings: edge, templates, baseDomain };
}

/** The edge of this host; undefined when it has none. */
export async function readEdge(host: Host, config: HostConfig): Promise<HostEdge | undefined> {
  const { record } = edgePaths(config.stateDir, config.runDir);
  return (await host.files.stat(record)) === undefined ? undefined : describeEdge(host, config);
}

/**
 * What keeps the tenant's domain for it as soon as it is set up. Nobody is sent there before a deploy made its
 * Caddy ready for it.
 * @throws AiplatError (exit 2) when it cannot have it.
 */
export async function claimSteps(host: Host, place: Place, settings: Settings): Promise<Step[]> {
  const edge = await readEdge(host, place.config);
  if (edge === undefined) return [];
  const { tenant, config } = place;
  const bare = { ...edge, part: partOf(place, undefined) };
  const { others, route: found } = await observeEdge(host, bare);
  const route = routeOf(place, settings, found?.isLive === true && found.domain === settings.domain);
  const fault = claimFault(route, others, {
    baseDomain: config.baseDomain,
    own: describeTenant(tenant.uid, config).domain,
  });
  if (fault !== undefined) throw fault;
  const wish = { ...edge, part: partOf(place, route) };
  const why = edgeFault(wish, await observeEdge(host, wish));
  if (why === undefined) return [];
  return [{ id: 'edge', do: 'raise edge', target: settings.domain, why, needs: ['env'], wish }];
}

export const partOf = ({ tenant, config }: Place, route: Route | undefined): EdgePart => ({
  tenant: tenant.name,
  ownDomain: describeTenant(tenant.uid, config).domain,
  route,
});

const routeOf = ({ tenant }: Place, settings: Settings, isLive: boolean): Route => ({
  tenant: tenant.name,
  domain: settings.domain,
  address: tenant.address,
  https: settings.ports.CADDY_HTTPS_PORT,
  http: settings.ports.CADDY_HTTP_PORT,
  isLive,
});

/** The edge as it has to be without this tenant; undefined when it has nothing of it. */
export async function edgeWithout(host: Host, place: Place): Promise<EdgeWish | undefined> {
  const edge = await readEdge(host, place.config);
  if (edge === undefined) return undefined;
  const wish = { ...edge, part: partOf(place, undefined) };
  return edgeFault(wish, await observeEdge(host, wish)) === undefined ? undefined : wish;
}

/** The user of the edge, if the host has one. */
export const edgeAccount = (host: Host) => host.accounts.byName(EDGE_USER);
