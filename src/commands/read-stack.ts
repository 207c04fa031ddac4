import { requireConfinement } from '../apparmor/confinement.ts';
import { type Catalog, catalog, unitNames, vectorDbs } from '../catalog/catalog.ts';
import type { LocalModel } from '../catalog/models.ts';
import type { ImageSource } from '../catalog/schema.ts';
import { notReady, refused } from '../errors.ts';
import type { Slice } from '../host/host.ts';
import { imageReferences, readRecipes } from '../images/read.ts';
import { observeModels } from '../models/observe.ts';
import { selectedServices } from '../stack/select.ts';
import { describeStack, type HostFirewall, type Stack } from '../stack/stack.ts';
import { TEMPLATE_NAMES } from '../stack/templates.ts';
import { isAtLeast } from '../stack/versions.ts';
import type { KeyContext } from '../tenant/env-keys.ts';
import { type HostConfig, limitsOf } from '../tenant/host-config.ts';
import { describeTenant, type Tenant } from '../tenant/identity.ts';
import { envPath, renderedDirectory } from '../tenant/layout.ts';
import { sliceParent } from '../tenant/names.ts';
import { parseSettings, type Settings } from '../tenant/settings.ts';
import { requireOwn } from './added/own.ts';
import type { Context } from './context.ts';
import { readEdge } from './edge-wish.ts';
import type { Place } from './enter.ts';
import { readEnvText } from './read-env.ts';
import { readTls } from './read-tls.ts';

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

/** The same for settings that may not stand in the `.env` yet, or for models that are not on the volume yet. */
export async function stackOf(
  context: Context,
  place: Place,
  settings: Settings,
  models?: readonly LocalModel[],
): Promise<Stack> {
  const { host, version } = context;
  const { config, tenant, record, catalog: all, added } = place;
  requireOwn(tenant, settings, added);
  requireImages(all, config.images, settings);
  const engine = await host.docker.facts();
  const slice: Slice = {
    driver: engine.cgroupDriver,
    parent: sliceParent(tenant.uid, engine.cgroupDriver),
  };
  const [edge, directories, found, texts, recipes] = await Promise.all([
    readEdge(host, config),
    host.slices.directories(slice),
    models ?? observeModels(host, tenant),
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
    models: found,
    hasGpu: record.gpu && engine.runtimes.includes('nvidia'),
    dataRoot: config.dataRoot,
    firewall: config.firewall === 'off' ? undefined : hostFirewall(config),
    edge: edge && { ...edge, ownDomain: describeTenant(tenant.uid, config).domain },
    tls: await readTls(context, place, settings, edge !== undefined),
    slice: { ...slice, directories, limits: limitsOf(config, record) },
    renderedDir: renderedDirectory(config.stateDir, tenant),
    version,
  });
}

/** Does any service run an image that this host builds? */
const hasBuilt = (all: Catalog, settings: Settings, source: ImageSource): boolean =>
  source === 'embedded' ||
  selectedServices(all, settings, source).some(({ sources }) => sources.official?.derived !== undefined);

/** @throws AiplatError (exit 2) when the settings ask for what this kind of image does not have. */
function requireImages(all: Catalog, source: ImageSource, settings: Settings): void {
  const missing = selectedServices(all, settings, source).filter(
    ({ sources }) => sources[source] === undefined,
  );
  if (missing.length === 0) return;
  throw refused(
    `${missing.map(({ name }) => name).join(', ')}: not to be had on this host.`,
    `The host uses ${source} images, and there are none of that kind for it.`,
    'Take it out of SERVICES, choose another VECTOR_DB, or let the admin change "images" in the host config.',
  );
}

export const hostFirewall = ({ stateDir, runDir, egress }: HostConfig): HostFirewall => ({
  stateDir,
  egress,
  lockPath: `${runDir}/locks/firewall.lock`,
});
