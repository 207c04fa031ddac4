import { openEnv } from '../catalog/environment.ts';
import { expand, expandAll, type Scope } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import type { ContainerSpec, HealthSpec, MountSpec, PortSpec } from '../host/docker.ts';
import { containerName, LABEL, profileName } from '../tenant/names.ts';
import type { RenderedFolder } from './files.ts';
import { ownerOf } from './scope.ts';
import { networkGuests, networkOwner } from './select.ts';
import type { StackInput } from './stack.ts';
import type { RenderContext } from './templates.ts';
import { isAtLeast } from './versions.ts';

const MIB = 1024 * 1024;
/**
 * The container's own loopback, where nobody answers. When the host's resolver is on the host's loopback, the
 * engine asks it from the host's network, past the firewall: names would carry data out of a closed host.
 */
const NO_RESOLVER = ['127.0.0.1'];

/** The container of one service, but for the labels that hold its own hash. */
export function describeContainer(
  service: Service,
  { input, services, scope }: RenderContext,
  rendered: RenderedFolder | undefined,
): ContainerSpec {
  const { tenant, settings } = input;
  const source = service.sources[input.source];
  if (source === undefined) throw new Error(`${service.name} has no ${input.source} image`);
  const owner = ownerOf(service, tenant);
  const shared = networkOwner(service, services);
  const households = shared === undefined ? [service, ...networkGuests(service, services)] : [];
  const ports = households
    .flatMap((one) => one.ports)
    .map((one): PortSpec => {
      const port = 'key' in one ? settings.ports[one.key] : one.port;
      return { address: tenant.address, port, container: one.container ?? port };
    });
  return {
    name: containerName(tenant.name, service.name),
    hostname: service.name,
    image: imageOf(service, input),
    entrypoint: source.entrypoint,
    command: source.command?.map((word) => expand(word, scope)),
    user: `${owner}:${owner}`,
    env: expandAll(openEnv(service, settings.vectorDb), scope),
    labels: labelsOf(service, input, ports),
    mounts: mountsOf(service, input, rendered),
    tmpfs: Object.fromEntries(service.tmpfs.map((one) => [one.path, tmpfsOptions(owner, one)])),
    readOnlyRoot: service.writableRootBecause === undefined,
    capabilities: source.capabilities,
    sysctls: sysctlsOf(service, input.kernel),
    securityOptions: ['no-new-privileges:true'],
    profile: input.confinement === 'off' ? undefined : profileName(tenant.uid, service),
    cgroupParent: input.slice.parent,
    network: tenant.network,
    networkOf: shared && containerName(tenant.name, shared.name),
    aliases: households.map(({ name }) => name),
    dns: shared === undefined && input.firewall?.egress === 'closed' ? NO_RESOLVER : undefined,
    ports,
    health: healthOf(service, source.healthTest ?? service.health.test, input, scope),
    memoryBytes: service.limits.memoryMb * MIB,
    nanoCpus: Math.round(service.limits.cpus * 1e9),
    pids: service.limits.pids,
    shmBytes: service.limits.shmMb === undefined ? undefined : service.limits.shmMb * MIB,
    stopGraceSeconds: Math.ceil(service.stopGraceMs / 1000),
    ...(service.gpu && { gpu: true }),
  };
}

/** The image of a service from the source that this host uses. */
export function imageOf(service: Service, input: Pick<StackInput, 'source' | 'embeddedImages'>): string {
  const { image = '', derived } = service.sources[input.source] ?? {};
  if (service.isAdded === true) return image;
  const folder = input.source === 'official' ? derived : image;
  if (folder === undefined) return image;
  const reference = input.embeddedImages.get(folder);
  if (reference === undefined) throw new Error(`templates/images has no folder ${folder}`);
  return reference;
}

/** A kernel that does not know a setting would refuse to start the container. */
const sysctlsOf = (service: Service, kernel: string): Record<string, string> =>
  Object.fromEntries(
    service.sysctls
      .filter(({ sinceKernel }) => isAtLeast(kernel, sinceKernel))
      .map(({ name, value }) => [name, value]),
  );

/** The engine adds noexec where nothing else is said. */
const tmpfsOptions = (owner: number, { sizeMb, runs }: Service['tmpfs'][number]): string =>
  `rw,nosuid,nodev,${runs === true ? 'exec,' : ''}size=${sizeMb}m,mode=1777,uid=${owner},gid=${owner}`;

function labelsOf(service: Service, input: StackInput, ports: readonly PortSpec[]): Record<string, string> {
  return {
    [LABEL.tenant]: input.tenant.name,
    [LABEL.service]: service.name,
    [LABEL.version]: input.version,
    [LABEL.ports]: ports.map(({ address, port }) => `${address}:${port}`).join(','),
    ...(service.vectorEnv === undefined ? {} : { [LABEL.vectorDb]: input.settings.vectorDb }),
    [LABEL.project]: input.tenant.name,
    [LABEL.composeService]: service.name,
  };
}

function mountsOf(service: Service, input: StackInput, rendered: RenderedFolder | undefined): MountSpec[] {
  const data = service.mounts.map(({ path, dir }) => ({
    source: `${input.tenant.baseDir}/data/${dir}`,
    target: path,
    readOnly: false,
  }));
  const files = (rendered?.mounts ?? []).map(({ path, target }) => ({
    source: `${rendered?.root}/${path}`,
    target,
    readOnly: true,
  }));
  return [...data, ...files, ...groupsOf(service, input)];
}

/** The control groups of the tenant and of nobody else: the kernel shows what lies below the mounted directory. */
const groupsOf = ({ readsGroups }: Service, { slice }: StackInput): MountSpec[] =>
  readsGroups === undefined
    ? []
    : slice.directories.map(({ name, path }) => ({
        source: path,
        target: `${readsGroups.path}/${name}`,
        readOnly: true,
      }));

/** So many times at most the engine probes a container that takes its whole start period to start. */
const PROBES_A_START = 60;
const SHORTEST_INTERVAL_MS = 1_000;

/**
 * From API 1.44 on the engine probes often while a container starts and rarely afterwards; a service that
 * starts slowly is probed less often, because on a slow host every probe takes processor time from it. An
 * older engine has a single interval: short, because a whole deploy waits for the first probe, and not
 * shorter, because every probe is a program that the engine starts.
 */
function healthOf(service: Service, test: readonly string[], input: StackInput, scope: Scope): HealthSpec {
  return {
    test: test.map((word) => expand(word, scope)),
    intervalMs: input.hasStartInterval ? 30_000 : 5_000,
    timeoutMs: 10_000,
    retries: input.hasStartInterval ? 3 : 6,
    startPeriodMs: service.health.startPeriodMs,
    startIntervalMs: input.hasStartInterval
      ? Math.max(SHORTEST_INTERVAL_MS, Math.round(service.health.startPeriodMs / PROBES_A_START))
      : 0,
  };
}
