import { type FoundEdge, observeEdge } from '../edge/raise.ts';
import { type FoundFirewall, observeFirewall } from '../firewall/raise.ts';
import type { FoundContainer, FoundNetwork } from '../host/docker.ts';
import type { Host, Listener, PathFacts, SliceLimits } from '../host/host.ts';
import type { Directory } from '../tenant/layout.ts';
import { failedName, isProfileOf, LABEL, previousName } from '../tenant/names.ts';
import { alignedPath } from './align.ts';
import { candidateOf } from './files.ts';
import type { Stack } from './stack.ts';

/** What a deploy found on the machine. */
export interface Observed {
  /** The tenant's containers, and any other that has a name that the stack wants. */
  readonly containers: readonly FoundContainer[];
  readonly networks: readonly FoundNetwork[];
  /** References of wanted images that the engine has. */
  readonly images: ReadonlySet<string>;
  /** Wanted directories and files that exist. */
  readonly paths: ReadonlyMap<string, PathFacts>;
  /** Texts of files that a running program reloads, and marks of alignments. */
  readonly texts: ReadonlyMap<string, string>;
  /** Folders of rendered files, wanted or not. */
  readonly rendered: readonly RenderedVersion[];
  readonly listeners: readonly Listener[];
  readonly limits: Partial<SliceLimits> | undefined;
  readonly apparmor: ObservedAppArmor;
  /** Container id → its network namespace: of running containers that share one, or whose one is shared. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Undefined on a host that goes without. */
  readonly firewall: FoundFirewall | undefined;
  /** Undefined on a host without one. */
  readonly edge: FoundEdge | undefined;
}

/** What the kernel and the disk have of the tenant's profiles. */
export interface ObservedAppArmor {
  /** Profiles of the tenant in the kernel, with their modes; undefined on a kernel without AppArmor. */
  readonly loaded: ReadonlyMap<string, string> | undefined;
  readonly hasParser: boolean;
  readonly text: string | undefined;
  readonly copy: string | undefined;
  /** Container id → what the kernel says of its first process; those that do not run are missing. */
  readonly labels: ReadonlyMap<string, string>;
}

/** One version of the files that were rendered for a service. */
export interface RenderedVersion {
  readonly service: string;
  readonly path: string;
}

const TEXT_LIMIT_BYTES = 1024 * 1024;

/** Looks at everything that the plan will ask about, all at once. */
export async function observe(host: Host, stack: Stack): Promise<Observed> {
  const { tenant } = stack;
  const images = [...new Set(stack.services.map(({ container }) => container.image))];
  const [containers, networks, found, paths, texts, rendered, listeners, limits, apparmor, firewall, edge] =
    await Promise.all([
      observeContainers(host, stack),
      host.docker.listNetworks(),
      host.docker.listImages(images),
      observePaths(host, wantedPaths(stack)),
      observeTexts(host, stack),
      observeRendered(host, stack.renderedDir),
      host.sockets.listeners(tenant.address, tenant.block.first, tenant.block.last),
      host.slices.limits(stack.slice),
      observeAppArmor(host, stack),
      stack.firewall && observeFirewall(host, stack.firewall),
      stack.edge && observeEdge(host, stack.edge),
    ]);
  const present = new Set(found.flatMap(({ tags }) => tags));
  const [labels, namespaces] = await Promise.all([
    observeLabels(host, stack, containers),
    observeNamespaces(host, stack, containers),
  ]);
  return {
    containers,
    networks,
    images: present,
    paths,
    texts,
    rendered,
    listeners,
    limits,
    apparmor: { ...apparmor, labels },
    namespaces,
    firewall,
    edge,
  };
}

/** What the kernel says of every running container of the tenant. */
async function observeLabels(
  host: Host,
  { profiles, slice }: Stack,
  containers: readonly FoundContainer[],
): Promise<ReadonlyMap<string, string>> {
  if (profiles === undefined) return new Map();
  const ids = containers.filter(({ state }) => state === 'running').map(({ id }) => id);
  return labelsOf(host, ids, [slice.parent]);
}

/** A container that starts again has another namespace, and whatever shared the one before is cut off. */
async function observeNamespaces(
  { docker, probes }: Host,
  { services }: Stack,
  containers: readonly FoundContainer[],
): Promise<ReadonlyMap<string, string>> {
  const names = services.flatMap(({ container: { name, networkOf } }) =>
    networkOf === undefined ? [] : [name, networkOf],
  );
  const running = containers.filter(({ name, state }) => state === 'running' && names.includes(name));
  const found = await Promise.all(
    running.map(async ({ id }) => [id, await probes.networkNamespace(await docker.pidOf(id))] as const),
  );
  return new Map(found.flatMap(([id, namespace]) => (namespace === undefined ? [] : [[id, namespace]])));
}

/** Container id → the AppArmor label of its first process. */
export async function labelsOf(
  host: Host,
  ids: readonly string[],
  parents: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const processes = await host.meters.processes(ids, parents);
  const labels = await Promise.all(
    [...processes].map(async ([id, [pid = 0]]) => [id, await host.apparmor.labelOf(pid)] as const),
  );
  return new Map(labels.flatMap(([id, label]) => (label === undefined ? [] : [[id, label] as const])));
}

async function observeAppArmor(
  host: Host,
  { tenant, profiles }: Stack,
): Promise<Omit<ObservedAppArmor, 'labels'>> {
  const read = (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? Promise.resolve(undefined) : host.files.readText(path, TEXT_LIMIT_BYTES);
  const [all, hasParser, text, copy] = await Promise.all([
    host.apparmor.loaded(),
    host.apparmor.hasParser(),
    read(profiles?.path),
    read(profiles?.copy),
  ]);
  const own = [...(all ?? [])].filter(([name]) => isProfileOf(name, tenant.uid));
  return { loaded: all === undefined ? undefined : new Map(own), hasParser, text, copy };
}

/** The tenant's containers by label, strangers by name. */
async function observeContainers(host: Host, stack: Stack): Promise<FoundContainer[]> {
  const names = stack.services.flatMap(({ container: { name } }) => [
    name,
    previousName(name),
    failedName(name),
  ]);
  const [own, named] = await Promise.all([
    host.docker.listContainers({ labels: { [LABEL.tenant]: stack.tenant.name } }),
    host.docker.listContainers({ names }),
  ]);
  const ids = new Set(own.map(({ id }) => id));
  return [...own, ...named.filter(({ id }) => !ids.has(id))];
}

async function observeRendered(host: Host, renderedDir: string): Promise<RenderedVersion[]> {
  const services = await host.files.list(renderedDir);
  const versions = await Promise.all(services.map((service) => host.files.list(`${renderedDir}/${service}`)));
  return services.flatMap((service, at) =>
    (versions[at] ?? []).map((version) => ({ service, path: `${renderedDir}/${service}/${version}` })),
  );
}

export const wantedDirectories = (stack: Stack): Directory[] =>
  stack.services.flatMap(({ directories }) => directories);

function wantedPaths(stack: Stack): string[] {
  const folders = stack.services.flatMap(({ rendered }) => (rendered === undefined ? [] : [rendered.root]));
  return [...wantedDirectories(stack).map(({ path }) => path), ...folders];
}

/** What stands at each of the paths; those where nothing stands are missing. */
export async function observePaths(host: Host, paths: readonly string[]): Promise<Map<string, PathFacts>> {
  const facts = await Promise.all(paths.map(async (path) => [path, await host.files.stat(path)] as const));
  return new Map(facts.flatMap(([path, found]) => (found === undefined ? [] : [[path, found]])));
}

async function observeTexts(host: Host, stack: Stack): Promise<Map<string, string>> {
  const live = stack.services.filter(({ service }) => service.reload !== undefined);
  const files = live.flatMap(
    ({ rendered }) => rendered?.files.map(({ path }) => `${rendered.root}/${path}`) ?? [],
  );
  const markers = stack.services.flatMap(({ service, rendered }) =>
    service.alignData === undefined || rendered === undefined ? [] : [alignedPath(rendered)],
  );
  const databases = stack.services.flatMap((wanted) => wanted.databases?.marker ?? []);
  const paths = [...files.flatMap((path) => [path, candidateOf(path)]), ...markers, ...databases];
  const texts = await Promise.all(
    paths.map(async (path) => [path, await host.files.readText(path, TEXT_LIMIT_BYTES)] as const),
  );
  return new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])));
}
