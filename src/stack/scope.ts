import { secretFileName } from '../catalog/catalog.ts';
import { DATABASE_SERVER, databaseKey, ownerOfDatabase } from '../catalog/databases.ts';
import type { Scope } from '../catalog/expand.ts';
import { modelServerOf } from '../catalog/models.ts';
import type { Service } from '../catalog/schema.ts';
import type { Tenant } from '../tenant/identity.ts';
import { className, databaseName, slug } from '../tenant/names.ts';
import { besideGateway } from '../tenant/numbers.ts';
import { hostnameOf, indexUrl, portPart, urlOf } from '../tenant/urls.ts';
import type { StackInput } from './stack.ts';

/** Where the files of secrets are in every container that has any. */
export const SECRETS_PATH = '/run/secrets';

/** The UID, which is the GID too, of a service's processes. */
export const ownerOf = (service: Service, tenant: Tenant): number =>
  service.user === 'openclaw' ? tenant.openclawUid : tenant.uid;

/** What the scope of a tenant follows from. */
export type ScopeInput = Pick<StackInput, 'tenant' | 'settings' | 'catalog'> & {
  readonly edge: { readonly settings: { readonly httpsPort: number } } | undefined;
};

/** What the placeholders in catalogue entries and templates stand for, for one tenant. */
export function stackScope(
  { tenant, settings, catalog, edge }: ScopeInput,
  services: readonly Service[],
): Scope {
  const facts: Readonly<Record<string, string>> = {
    name: tenant.name,
    uid: String(tenant.uid),
    domain: settings.domain,
    address: tenant.address,
    gateway: tenant.subnet.gateway,
    subnet: tenant.subnet.cidr,
    slug: slug(tenant.name),
    class: className(tenant.name),
    index: indexUrl(settings, edge?.settings),
    publicPort: portPart(settings, edge?.settings),
    neighbours: besideGateway(tenant.subnet.cidr)
      .map((cidr) => JSON.stringify(cidr))
      .join(', '),
    tailscaleHostname: settings.tailscale.hostname,
  };
  const known = new Set(services.map(({ name }) => name));
  const ports: Readonly<Record<string, number>> = settings.ports;
  const entry = (name: string): Service | undefined => (known.has(name) ? catalog.get(name) : undefined);
  return {
    tenant: (key) => facts[key],
    port: (key) => ports[key]?.toString(),
    secret: (key) => settings.secrets.get(key)?.reveal(),
    secretFile: (key) => mapped(secretFileName(catalog, key), (name) => `${SECRETS_PATH}/${name}`),
    database: (name) => mapped(ownerOfDatabase(catalog, name), () => databaseName(tenant.name, name)),
    databaseRole: (name) => mapped(catalog.get(name), () => databaseName(tenant.name, name)),
    databaseUrl: (name) =>
      mapped(ownerOfDatabase(catalog, name), ({ name: owner }) => {
        const password = encodeURIComponent(settings.secrets.get(databaseKey(owner))?.reveal() ?? '');
        const role = databaseName(tenant.name, owner);
        return `postgresql://${role}:${password}@${DATABASE_SERVER}:5432/${databaseName(tenant.name, name)}`;
      }),
    hostname: (name) => mapped(entry(name), (service) => hostnameOf(service, settings.domain)),
    provider: (key) => settings.providers.get(key)?.reveal(),
    models: (key) => (key === 'url' ? modelServerOf(services)?.modelServer.url : undefined),
    url: (name) => mapped(entry(name), (service) => urlOf(service, settings, edge?.settings)),
  };
}

const mapped = <T, U>(value: T | undefined, to: (value: T) => U | undefined): U | undefined =>
  value === undefined ? undefined : to(value);
