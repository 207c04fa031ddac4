import { requireConfinement } from '../apparmor/confinement.ts';
import { nameFault } from '../catalog/added.ts';
import { type Catalog, catalog, unitNames, vectorDbs } from '../catalog/catalog.ts';
import type { ImageSource } from '../catalog/schema.ts';
import { notReady, refused } from '../errors.ts';
import { imageReferences, readRecipes } from '../images/read.ts';
import { PORT_KEYS } from '../ports/block.ts';
import { describeStack, type HostFirewall, type Stack, selectedServices } from '../stack/stack.ts';
import { TEMPLATE_NAMES } from '../stack/templates.ts';
import { isAtLeast } from '../stack/versions.ts';
import type { AddedServices } from '../tenant/added.ts';
import type { KeyContext } from '../tenant/env-keys.ts';
import { type HostConfig, limitsOf } from '../tenant/host-config.ts';
import type { Tenant } from '../tenant/identity.ts';
import { envPath, renderedDirectory } from '../tenant/layout.ts';
import { sliceParent } from '../tenant/names.ts';
import { parseSettings, type Settings } from '../tenant/settings.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';
import { readEnvText } from './read-env.ts';

/** The API version in which health checks learned `start_interval` (Docker Engine 25). */
const START_INTERVAL_API = '1.44';

/** What the keys of a `.env` may hold, as the catalogue has it. */
export const keyContext: KeyContext = {
  services: unitNames(catalog),
  vectorDbs: vectorDbs(catalog),
  secrets: [...catalog.values()].flatMap(({ secrets }) => secrets),
};

/** Reads the tenant's `.env`. @throws AiplatError (exit 3) when there is none yet, (exit 2) when it is wrong. */
export async function readSettings({ host }: Context, tenant: Tenant): Promise<Settings> {
  const path = envPath(tenant);
  const text = await readEnvText(host, tenant);
  if (text === undefined) {
    throw notReady(
      `${tenant.name} is not set up.`,
      `${path} does not exist.`,
      `Run: aiplat setup --tenant ${tenant.name}`,
    );
  }
  return parseSettings({ path, text }, tenant, keyContext);
}

/** Works out what the tenant's stack has to be on this host. @throws AiplatError (exit 3) without the means for it. */
export async function readStack(context: Context, place: Place): Promise<Stack> {
  return stackOf(context, place, await readSettings(context, place.tenant));
}

/** The same for settings that may not stand in the `.env` yet. */
export async function stackOf(
  { host, version }: Context,
  { config, tenant, record, catalog: all, added }: Place,
  settings: Settings,
): Promise<Stack> {
  for (const name of added.keys()) requireOwnName(tenant, name);
  requireOwnPorts(tenant, settings, added);
  const [engine, texts, recipes] = await Promise.all([
    host.docker.facts(),
    Promise.all(TEMPLATE_NAMES.map(async (name) => [name, await host.templates.text(name)] as const)),
    hasBuilt(all, settings, config.images) ? readRecipes(host) : new Map(),
  ]);
  return describeStack({
    tenant,
    settings,
    catalog: all,
    source: config.images,
    embeddedImages: imageReferences(recipes),
    templates: new Map(texts),
    hasStartInterval: isAtLeast(engine.apiVersion, START_INTERVAL_API),
    kernel: engine.kernelVersion,
    confinement: requireConfinement(config.confinement, engine),
    dataRoot: config.dataRoot,
    firewall: config.firewall === 'off' ? undefined : hostFirewall(config),
    slice: {
      driver: engine.cgroupDriver,
      parent: sliceParent(tenant.uid, engine.cgroupDriver),
      limits: limitsOf(config, record),
    },
    renderedDir: renderedDirectory(config.stateDir, tenant),
    version,
  });
}

/** @throws AiplatError (exit 2) when the catalogue of a newer aiplat took the name of an added service. */
function requireOwnName(tenant: Tenant, name: string): void {
  const fault = nameFault(catalog, name);
  if (fault === undefined) return;
  throw refused(
    `${tenant.name}: the added service ${name} cannot be called so any more.`,
    fault.why,
    `An admin takes it away (its data stays) and adds it under another name: aiplat remove-service ${tenant.name} ${name}`,
  );
}

/** @throws AiplatError (exit 2) when the `.env` gives a port away that an added service has. */
function requireOwnPorts({ name }: Tenant, { ports }: Settings, added: AddedServices): void {
  for (const [service, { published }] of added) {
    const key = PORT_KEYS.find((one) => ports[one] === published);
    if (key === undefined) continue;
    throw refused(
      `${name}: port ${published} was given twice.`,
      `${key} of the .env has it, and so has ${service}, which an admin added.`,
      `Let aiplat choose another one for ${key}: aiplat setup --tenant ${name}`,
    );
  }
}

/** Does any service run an image that this host builds? */
const hasBuilt = (all: Catalog, settings: Settings, source: ImageSource): boolean =>
  source === 'embedded' ||
  selectedServices(all, settings).some(({ sources }) => sources.official?.derived !== undefined);

export const hostFirewall = ({ stateDir, runDir, egress }: HostConfig): HostFirewall => ({
  stateDir,
  egress,
  lockPath: `${runDir}/locks/firewall.lock`,
});
