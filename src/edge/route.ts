import { type AiplatError, refused } from '../errors.ts';

/** What the edge knows of one tenant. Made by aiplat, kept where no tenant can write. */
export interface Route {
  readonly tenant: string;
  /** It and all below it are the tenant's. */
  readonly domain: string;
  readonly address: string;
  /** Ports of the tenant's Caddy. */
  readonly https: number;
  readonly http: number;
  /** Was it deployed behind the edge? Until then the domain is the tenant's, and nobody is sent there. */
  readonly isLive: boolean;
}

/** Do two tenants mean the same names? One domain may be the other, or lie below it. */
const overlap = (one: string, other: string): boolean => isWithin(one, other) || isWithin(other, one);

const isWithin = (domain: string, parent: string): boolean =>
  domain === parent || domain.endsWith(`.${parent}`);

/**
 * What keeps a tenant from its domain: another tenant that has it, or the host, whose base domain holds one
 * place for each tenant. Of the other tenant nothing is told.
 * @param own the domain that the tenant has by its UID.
 */
export function claimFault(
  { tenant, domain }: Pick<Route, 'tenant' | 'domain'>,
  others: readonly Route[],
  { baseDomain, own }: { readonly baseDomain: string; readonly own: string },
): AiplatError | undefined {
  const fix = `Take another one, such as ${own}: aiplat setup --tenant ${tenant} --domain ${own}`;
  if (others.some((other) => other.tenant !== tenant && overlap(domain, other.domain))) {
    return refused(
      `${tenant} cannot have the domain ${domain}.`,
      'Another tenant of this host has it, or a domain above or below it.',
      fix,
    );
  }
  if (isWithin(domain, own) || !overlap(domain, baseDomain)) return undefined;
  return refused(
    `${tenant} cannot have the domain ${domain}.`,
    `Below ${baseDomain} each tenant has a place of its own, and that of ${tenant} is ${own}.`,
    fix,
  );
}
