import type { FoundContainer } from '../host/docker.ts';
import type { Host } from '../host/host.ts';
import type { TakenPorts } from '../ports/allocate.ts';
import { PORT_KEYS } from '../ports/block.ts';
import { isOwnListener, labelledPorts } from '../ports/published.ts';
import type { AddedServices } from '../tenant/added.ts';
import { readEnv } from '../tenant/env-file.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import { describeTenant, type Tenant } from '../tenant/identity.ts';
import { LABEL } from '../tenant/names.ts';
import { uidsOfSameBlock } from '../tenant/numbers.ts';
import { readEnvText } from './read-env.ts';

/**
 * Ports of the tenant's block that somebody else holds: a socket of the machine, a container that the
 * engine published (running or not), or another tenant's `.env`.
 * @param containers all containers of the engine; none when there is no engine yet.
 */
export async function takenPorts(
  host: Host,
  config: HostConfig,
  tenant: Tenant,
  containers: readonly FoundContainer[],
): Promise<TakenPorts> {
  const { first, last } = tenant.block;
  const own = containers.filter((container) => isOwn(tenant, container));
  const [listeners, claims] = await Promise.all([
    host.sockets.listeners(tenant.address, first, last),
    otherClaims(host, config, tenant),
  ]);
  const sockets = listeners
    .filter((listener) => !isOwnListener(listener, own))
    .map(({ port, holder }) => [port, holder] as const);
  return new Map([...claims, ...publishedByOthers(tenant, containers), ...sockets]);
}

/** Ports that services of the tenant have which an admin added. */
export const publishedByAdded = (added: AddedServices): (readonly [number, string])[] =>
  [...added].map(([name, { published }]) => [published, `the added service ${name}`] as const);

const isOwn = (tenant: Tenant, { labels }: FoundContainer): boolean => labels[LABEL.tenant] === tenant.name;

const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/** Running containers tell their ports in the engine's list; a stopped one of aiplat's in its label. */
function publishedByOthers(
  tenant: Tenant,
  containers: readonly FoundContainer[],
): (readonly [number, string])[] {
  const { first, last } = tenant.block;
  return containers
    .filter((container) => !isOwn(tenant, container))
    .flatMap((container) =>
      [...container.publishedPorts, ...labelledPorts(container)]
        .filter(({ address }) => address === tenant.address || WILDCARDS.has(address))
        .filter(({ port }) => port >= first && port <= last)
        .map(({ port }) => [port, `the container ${container.name}`] as const),
    );
}

/** What the `.env`s of tenants with the same block claim on this tenant's address. */
async function otherClaims(
  host: Host,
  config: HostConfig,
  tenant: Tenant,
): Promise<(readonly [number, string])[]> {
  const present = new Set(await host.files.list(config.dataRoot));
  const others = uidsOfSameBlock(tenant.uid)
    .filter((uid) => uid !== tenant.uid && present.has(`data-tenant-${uid}`))
    .map((uid) => describeTenant(uid, config));
  const claims = await Promise.all(
    others.map(async (other) => {
      // A neighbour whose file is broken claims nothing, and stops nobody.
      const text = await readEnvText(host, other).catch(() => undefined);
      const values = readEnv(text ?? '');
      if (values.LOCALHOST !== tenant.address) return [];
      return PORT_KEYS.map((key) => [Number(values[key]), `${other.name}'s .env`] as const);
    }),
  );
  return claims.flat();
}
