import type { Service } from '../catalog/schema.ts';
import type { EdgeWish } from '../edge/raise.ts';
import type { StackInput } from './stack.ts';

/** The host's edge, and the domain that the tenant has by its UID. */
export type EdgeBasis = Omit<EdgeWish, 'part'> & { readonly ownDomain: string };

/** A stack without a Caddy has nobody to send anybody to. */
export function describeEdge(
  { tenant, settings }: StackInput,
  { ownDomain, ...shared }: EdgeBasis,
  services: readonly Service[],
): EdgeWish {
  const route = {
    tenant: tenant.name,
    domain: settings.domain,
    address: tenant.address,
    https: settings.ports.CADDY_HTTPS_PORT,
    http: settings.ports.CADDY_HTTP_PORT,
    isLive: true,
  };
  const hasCaddy = services.some(({ name }) => name === 'caddy');
  return { ...shared, part: { tenant: tenant.name, ownDomain, route: hasCaddy ? route : undefined } };
}
