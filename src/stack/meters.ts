import type { ImageSource, Service } from '../catalog/schema.ts';
import { containerName } from '../tenant/names.ts';
import { hostnameOf } from '../tenant/urls.ts';
import { type RenderContext, templateText } from './templates.ts';

/** What is asked in order to know whether a service answers. */
export type Probe = { readonly url: string } | { readonly host: string; readonly port: number };

/** The program of the meters and what it has to look at. */
export function renderMeters({ input, services }: RenderContext): Record<string, string> {
  const { tenant, settings, catalog } = input;
  const names = services.flatMap((service) => hostnameOf(service, settings.domain) ?? []);
  const isServed = services.some(({ name }) => name === 'caddy');
  const config = {
    groups: catalog.get('meters')?.readsGroups?.path,
    volume: catalog.get('meters')?.mounts[0]?.path,
    services: services.map((service) => ({
      name: service.name,
      container: containerName(tenant.name, service.name),
      probe: probeOf(service, input.source),
    })),
    tls: isServed
      ? { host: 'caddy', port: settings.ports.CADDY_HTTPS_PORT, names: [settings.domain, ...names] }
      : undefined,
  };
  return {
    'meters.mjs': templateText(input, 'meters/meters.mjs'),
    'config.json': `${JSON.stringify(config, null, 2)}\n`,
  };
}

const OWN_URL = /http:\/\/(?:127\.0\.0\.1|localhost):(\d+)(\/[\w./-]*)?/;

/**
 * The question of the health check, when it is one over HTTP, put from the network; else a connection to the
 * address that the tenant is told. Undefined for a service that nobody in the network connects to.
 */
export function probeOf(
  { name, sources, health, credentials, metrics, route }: Service,
  source: ImageSource,
): Probe | undefined {
  const test = (sources[source]?.healthTest ?? health.test).join(' ');
  const [, ownPort, path = '/'] = OWN_URL.exec(test) ?? [];
  if (ownPort !== undefined) return { url: `http://${name}:${ownPort}${path}` };
  const told = credentials.map(({ value }) => new RegExp(`(?:^|//)${name}:(\\d+)`).exec(value)?.[1]);
  const port = Number(told.find((one) => one !== undefined) ?? route?.port ?? metrics?.port);
  return Number.isNaN(port) ? undefined : { host: name, port };
}
