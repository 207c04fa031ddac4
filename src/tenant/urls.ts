import type { Service } from '../catalog/schema.ts';
import type { Settings } from './settings.ts';

/** `n8n.tenant-1001.datasquiz.net`: the host name under which Caddy serves a service. */
export const hostnameOf = (service: Service, domain: string): string | undefined =>
  service.route === undefined ? undefined : `${service.route.subdomain}.${domain}`;

/** The address that a person types into a browser. */
export const urlOf = (service: Service, settings: Settings): string | undefined => {
  const hostname = hostnameOf(service, settings.domain);
  return hostname === undefined ? undefined : `https://${hostname}:${settings.ports.CADDY_HTTPS_PORT}`;
};

/** The page that lists the tenant's services. */
export const indexUrl = (settings: Settings): string =>
  `https://${settings.domain}:${settings.ports.CADDY_HTTPS_PORT}`;
