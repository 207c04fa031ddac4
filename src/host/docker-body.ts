import { cpus } from 'node:os';
import type Dockerode from 'dockerode';
import type { ContainerSpec, FoundContainer, Health, HealthSpec, PublishedPort } from './docker.ts';

const NANOS_PER_MS = 1_000_000;
/** Bounded logs: a container that talks without end fills 30 MB of the host's disk and no more. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } };

/** How the engine says that a container shares the network namespace of another one. */
const SHARED = 'container:';

/** The engine's own words for a container that we want. */
export function createBody(spec: ContainerSpec): Dockerode.ContainerCreateOptions {
  const ports = spec.ports.map((port) => [`${port.container}/tcp`, port] as const);
  return {
    name: spec.name,
    Image: spec.image,
    User: spec.user,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels },
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ExposedPorts: Object.fromEntries(ports.map(([inside]) => [inside, {}])),
    Healthcheck: healthBody(spec.health),
    StopTimeout: spec.stopGraceSeconds,
    HostConfig: {
      ...hardening(spec),
      Mounts: spec.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      Tmpfs: { ...spec.tmpfs },
      PortBindings: Object.fromEntries(
        ports.map(([inside, { address, port }]) => [inside, [{ HostIp: address, HostPort: String(port) }]]),
      ),
      RestartPolicy: { Name: spec.runsOnce === true ? 'no' : 'unless-stopped' },
      LogConfig: LOG_CONFIG,
    },
    ...networking(spec),
  };
}

/** Of a namespace that it shares a container can set nothing: the engine would refuse it. */
const networking = ({ hostname, network, networkOf, aliases }: ContainerSpec): object =>
  networkOf === undefined
    ? { Hostname: hostname, NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [...aliases] } } } }
    : {};

function hardening(spec: ContainerSpec): Dockerode.HostConfig {
  return {
    CapDrop: ['ALL'],
    CapAdd: [...spec.capabilities],
    SecurityOpt: [
      ...spec.securityOptions,
      ...(spec.profile === undefined ? [] : [`apparmor=${spec.profile}`]),
    ],
    CgroupParent: spec.cgroupParent,
    Sysctls: { ...spec.sysctls },
    ReadonlyRootfs: spec.readOnlyRoot,
    PidsLimit: spec.pids,
    Memory: spec.memoryBytes,
    // Equal to the memory: no swap, so that a service that grows is stopped instead of slowing all tenants.
    MemorySwap: spec.memoryBytes,
    // The engine refuses more processors than the machine has.
    NanoCpus: Math.min(spec.nanoCpus, cpus().length * 1e9),
    ...(spec.shmBytes === undefined ? {} : { ShmSize: spec.shmBytes }),
    ...(spec.gpu && { DeviceRequests: [{ Driver: '', Count: -1, Capabilities: [['gpu']] }] }),
    NetworkMode: spec.networkOf === undefined ? spec.network : `${SHARED}${spec.networkOf}`,
    ...(spec.dns === undefined ? {} : { Dns: [...spec.dns] }),
    // Buries the children of children: without it they stay as zombies and fill the limit of processes for ever.
    Init: true,
  };
}

function healthBody(health: HealthSpec): Dockerode.HealthConfig {
  const body = {
    Test: [...health.test],
    Interval: health.intervalMs * NANOS_PER_MS,
    Timeout: health.timeoutMs * NANOS_PER_MS,
    Retries: health.retries,
    StartPeriod: health.startPeriodMs * NANOS_PER_MS,
  };
  return health.startIntervalMs === 0
    ? body
    : { ...body, StartInterval: health.startIntervalMs * NANOS_PER_MS };
}

/** One row of the engine's list. The health stands in its status text alone: `Up 5 minutes (healthy)`. */
export function foundContainer(row: Dockerode.ContainerInfo): FoundContainer {
  const mode = row.HostConfig?.NetworkMode ?? '';
  return {
    id: row.Id,
    name: (row.Names[0] ?? '').replace(/^\//, ''),
    image: row.Image,
    labels: row.Labels,
    state: row.State,
    health: healthIn(row.Status),
    status: row.Status,
    publishedPorts: row.Ports.flatMap(({ IP, PublicPort }): PublishedPort[] =>
      PublicPort === undefined ? [] : [{ address: IP ?? '', port: PublicPort }],
    ),
    addresses: Object.values(row.NetworkSettings?.Networks ?? {}).flatMap(({ IPAddress }) =>
      IPAddress ? [IPAddress] : [],
    ),
    networkOf: mode.startsWith(SHARED) ? mode.slice(SHARED.length) : undefined,
    networks: Object.fromEntries(
      Object.entries(row.NetworkSettings?.Networks ?? {}).map(([name, { NetworkID }]) => [name, NetworkID]),
    ),
  };
}

function healthIn(status: string): Health {
  if (status.includes('(healthy)')) return 'healthy';
  if (status.includes('(unhealthy)')) return 'unhealthy';
  return status.includes('(health: starting)') ? 'starting' : 'none';
}
