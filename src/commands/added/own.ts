import { nameFault } from '../../catalog/added.ts';
import { catalog } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import { PORT_KEYS } from '../../ports/block.ts';
import type { AddedServices } from '../../tenant/added.ts';
import type { Tenant } from '../../tenant/identity.ts';
import type { Settings } from '../../tenant/settings.ts';

/** @throws AiplatError (exit 2) when something else has the name or the port of an added service by now. */
export function requireOwn(tenant: Tenant, settings: Settings, added: AddedServices): void {
  for (const [name, { published }] of added) {
    requireOwnName(tenant, name);
    requireOwnPort(tenant, settings, name, published);
  }
}

/** A newer aiplat may have taken it. */
function requireOwnName(tenant: Tenant, name: string): void {
  const fault = nameFault(catalog, name);
  if (fault === undefined) return;
  throw refused(
    `${tenant.name}: the added service ${name} cannot be called so any more.`,
    fault.why,
    `An admin takes it away (its data stays) and adds it under another name: aiplat remove-service ${tenant.name} ${name}`,
  );
}

function requireOwnPort({ name }: Tenant, { ports }: Settings, service: string, published: number): void {
  const key = PORT_KEYS.find((one) => ports[one] === published);
  if (key === undefined) return;
  throw refused(
    `${name}: port ${published} was given twice.`,
    `${key} of the .env has it, and so has ${service}, which an admin added.`,
    `Let aiplat choose another one for ${key}: aiplat setup --tenant ${name}`,
  );
}
