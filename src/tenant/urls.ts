import type { Service } from '../catalog/schema.ts';
import type { EdgeConfig } from './config-fields.ts';
import type { Settings } from './settings.ts';

/** `n8n.tenant-1001.datasquiz.net`: the host name under which Caddy serves a service. */
export const hostnameOf = (service: Service, domain: string): string | undefined =>
  service.route === undefined ? undefined : `${service.route.subdomain}.${domain}`;

/** The edge of the host, as far as addresses go; undefined on a host without one. */
export type PublicEdge = Pick<EdgeConfig, 'httpsPort'> | undefined;

/** The address that a person types into a browser. */
export const urlOf = (service: Service, settings: Settings, edge: PublicEdge): string | undefined => {
  const hostname = hostnameOf(service, settings.domain);
  return hostname === undefined ? undefined : `https://${hostname}${portPart(settings, edge)}`;
};

/** The page that lists the tenant's services. */
export const indexUrl = (settings: Settings, edge: PublicEdge): string =>
  `https://${settings.domain}${portPart(settings, edge)}`;

/** `:5043`, or nothing when it is the port that browsers take by themselves. */
export function portPart({ ports }: Settings, edge: PublicEdge): string {
  const port = edge?.httpsPort ?? ports.CADDY_HTTPS_PORT;
  return port === HTTPS ? '' : `:${port}`;
}

const HTTPS = 443;
