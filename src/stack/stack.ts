import { type ProfileFile, renderProfiles } from '../apparmor/profile.ts';
import { type Catalog, vectorDbService } from '../catalog/catalog.ts';
import { needsOf } from '../catalog/databases.ts';
import type { Scope } from '../catalog/expand.ts';
import type { LocalModel } from '../catalog/models.ts';
import type { ImageSource, Service } from '../catalog/schema.ts';
import type { EdgeWish } from '../edge/raise.ts';
import type { FirewallWish } from '../firewall/raise.ts';
import type { ContainerSpec, NetworkSpec } from '../host/docker.ts';
import type { GroupDirectory, Slice, SliceLimits } from '../host/host.ts';
import type { Tls } from '../proxy/tls.ts';
import type { Tenant } from '../tenant/identity.ts';
import { type Directory, dataDirectory } from '../tenant/layout.ts';
import { bridgeName, LABEL } from '../tenant/names.ts';
import type { Settings } from '../tenant/settings.ts';
import { indexUrl, urlOf } from '../tenant/urls.ts';
import { describeContainer } from './container.ts';
import { describeDatabases, type WantedDatabases } from './databases.ts';
import { asDeployed } from './deployed.ts';
import { describeEdge, type EdgeBasis } from './edge-part.ts';
import { type RenderedFolder, renderFiles } from './files.ts';
import { digest, hashParts } from './hash.ts';
import { ownerOf, stackScope } from './scope.ts';
import { type LeftOut, leftOutServices, networkOwner, selectedServices } from './select.ts';
import { type TemplateTexts, templateText } from './templates.ts';

/** One service as it has to be. */
export interface WantedService {
  readonly service: Service;
  readonly container: ContainerSpec;
  readonly hash: string;
  /** Names of services that have to be healthy first; the one whose network it shares is among them. */
  readonly needs: readonly string[];
  readonly directories: readonly Directory[];
  readonly rendered: RenderedFolder | undefined;
  /** What it has in the tenant's PostgreSQL. */
  readonly databases: WantedDatabases | undefined;
  /** Where a person finds it, if it has a page. */
  readonly url: string | undefined;
}

/** What of the firewall is the same for all tenants. */
export type HostFirewall = Pick<FirewallWish, 'stateDir' | 'lockPath' | 'egress'>;

/** The control group of the tenant, with the limits of the sum of its containers. */
export interface WantedSlice extends Slice {
  readonly limits: SliceLimits;
  readonly directories: readonly GroupDirectory[];
}

/** A tenant's whole stack as it has to be. */
export interface Stack {
  readonly tenant: Tenant;
  readonly domain: string;
  readonly vectorDb: string;
  /** Where the rendered files of all services are. */
  readonly renderedDir: string;
  readonly network: NetworkSpec;
  readonly slice: WantedSlice;
  /** The AppArmor profiles of all services; undefined on a host that goes without. */
  readonly profiles: ProfileFile | undefined;
  /** The firewall with the tenant's part; undefined on a host that goes without. */
  readonly firewall: FirewallWish | undefined;
  readonly tls: Tls;
  /** The edge with the tenant's part; undefined on a host without one. */
  readonly edge: EdgeWish | undefined;
  readonly services: readonly WantedService[];
  /** What the settings ask for and a key is missing for. */
  readonly leftOut: readonly LeftOut[];
}

/** All that a stack is made of; the same input gives the same stack. */
export interface StackInput {
  readonly tenant: Tenant;
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly source: ImageSource;
  /** Folder below templates/images → the image reference that its content makes. */
  readonly embeddedImages: ReadonlyMap<string, string>;
  readonly templates: TemplateTexts;
  /** Does the engine know `start_interval` (API 1.44)? */
  readonly hasStartInterval: boolean;
  /** The kernel's version, such as 6.1.0-42-cloud-amd64. */
  readonly kernel: string;
  readonly confinement: 'apparmor' | 'off';
  /** The models that lie on the tenant's volume. */
  readonly models: readonly LocalModel[];
  /** May this tenant's services use the GPU of this host? */
  readonly hasGpu: boolean;
  /** Where the host keeps the tenants' volumes. */
  readonly dataRoot: string;
  readonly slice: WantedSlice;
  /** The host's firewall but for this tenant's part; undefined on a host that goes without. */
  readonly firewall: HostFirewall | undefined;
  readonly tls: Tls;
  /** The host's edge but for this tenant's part, and the tenant's part but for its route. */
  readonly edge: EdgeBasis | undefined;
  /** Where aiplat keeps the files that it renders for containers. */
  readonly renderedDir: string;
  readonly version: string;
}

/** Works out the whole stack. Pure: nothing is read and nothing is done. */
export function describeStack(input: StackInput): Stack {
  const selected = selectedServices(input.catalog, input.settings, input.source);
  const services = selected.map((service) => asDeployed(service, selected, input.hasGpu));
  const scope = stackScope(input, services);
  const wanted = services.map((service) => describeService(service, services, input, scope));
  return {
    tenant: input.tenant,
    domain: input.settings.domain,
    vectorDb: input.settings.vectorDb,
    renderedDir: input.renderedDir,
    network: describeNetwork(input.tenant),
    slice: input.slice,
    profiles: input.confinement === 'off' ? undefined : describeProfiles(input, services),
    firewall: input.firewall && describeFirewall(input, input.firewall, wanted),
    tls: input.tls,
    edge: input.edge && describeEdge(input, input.edge, services),
    services: wanted,
    leftOut: leftOutServices(input.catalog, input.settings, input.source),
  };
}

const describeFirewall = (
  input: StackInput,
  shared: HostFirewall,
  services: readonly WantedService[],
): FirewallWish => ({
  ...shared,
  tenant: input.tenant.name,
  entry: {
    uid: input.tenant.uid,
    bridge: bridgeName(input.tenant.uid),
    ports: services.flatMap(({ container }) =>
      container.ports.map(({ address, port }) => ({ address, port })),
    ),
    edge: [input.settings.ports.CADDY_HTTPS_PORT, input.settings.ports.CADDY_HTTP_PORT],
  },
  template: templateText(input, 'firewall/aiplat.nft'),
  unitTemplate: templateText(input, 'firewall/aiplat-firewall.service'),
});

const describeProfiles = (input: StackInput, services: readonly Service[]): ProfileFile =>
  renderProfiles(input.tenant, services, input.dataRoot, {
    header: templateText(input, 'apparmor/header'),
    profile: templateText(input, 'apparmor/profile'),
  });

function describeNetwork(tenant: Tenant): NetworkSpec {
  return {
    name: tenant.network,
    subnet: tenant.subnet.cidr,
    gateway: tenant.subnet.gateway,
    bridge: bridgeName(tenant.uid),
    labels: { [LABEL.tenant]: tenant.name },
  };
}

function describeService(
  service: Service,
  all: readonly Service[],
  input: StackInput,
  scope: Scope,
): WantedService {
  const context = { input, services: all, scope };
  const { labels: _labels, ...bare } = describeContainer(service, context, undefined);
  const rendered = renderFiles({ service, ...context, liveName: `live-${digest(bare)}` });
  const container = describeContainer(service, context, rendered);
  const shared = networkOwner(service, all);
  const { parts, hash } = hashParts(
    container,
    service.reload === undefined ? rendered : undefined,
    shared && describeService(shared, all, input, scope).hash,
  );
  const labels = { ...container.labels, [LABEL.hash]: hash, [LABEL.parts]: JSON.stringify(parts) };
  const owner = ownerOf(service, input.tenant);
  return {
    service,
    container: { ...container, labels },
    hash,
    needs: [
      ...needsOf(service, vectorDbService(input.catalog, input.settings.vectorDb)),
      ...(shared === undefined ? [] : [shared.name]),
    ],
    directories: service.mounts.map(({ dir }) => dataDirectory(input.tenant, dir, owner)),
    rendered,
    databases: describeDatabases(service, input, rendered),
    url:
      service.name === 'caddy'
        ? indexUrl(input.settings, input.edge?.settings)
        : urlOf(service, input.settings, input.edge?.settings),
  };
}
