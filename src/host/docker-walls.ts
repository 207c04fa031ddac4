import type Dockerode from 'dockerode';
import type { MountSpec, PublishedPort } from './docker.ts';

/** How the engine runs a container, as far as it concerns its walls. */
export interface ContainerWalls {
  readonly isPrivileged: boolean;
  readonly readOnlyRoot: boolean;
  readonly addedCapabilities: readonly string[];
  readonly securityOptions: readonly string[];
  /** Namespaces that it shares with the host or another container, such as `pid: host`. */
  readonly sharedNamespaces: readonly string[];
  /** Devices of the host, and requests for kinds of them. */
  readonly devices: number;
  readonly mounts: readonly MountSpec[];
  readonly networks: readonly string[];
  readonly published: readonly PublishedPort[];
  readonly cgroupParent: string;
}

/** What inspect says of the walls of a container. */
export function containerWalls({
  HostConfig,
  Mounts,
  NetworkSettings,
}: Dockerode.ContainerInspectInfo): ContainerWalls {
  const shared = {
    pid: HostConfig.PidMode,
    ipc: HostConfig.IpcMode,
    uts: HostConfig.UTSMode,
    users: HostConfig.UsernsMode,
  };
  return {
    isPrivileged: HostConfig.Privileged === true,
    readOnlyRoot: HostConfig.ReadonlyRootfs === true,
    addedCapabilities: HostConfig.CapAdd ?? [],
    securityOptions: HostConfig.SecurityOpt ?? [],
    sharedNamespaces: Object.entries({ ...shared, network: HostConfig.NetworkMode }).flatMap(
      ([kind, mode]) => (mode === 'host' || mode?.startsWith('container:') ? [`${kind}: ${mode}`] : []),
    ),
    devices: (HostConfig.Devices ?? []).length + (HostConfig.DeviceRequests ?? []).length,
    mounts: Mounts.filter(({ Type }) => (Type as string) !== 'tmpfs').map(({ Source, Destination, RW }) => ({
      source: Source,
      target: Destination,
      readOnly: !RW,
    })),
    networks: Object.keys(NetworkSettings.Networks),
    published: Object.values(NetworkSettings.Ports ?? {}).flatMap((bindings) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({ address: HostIp, port: Number(HostPort) })),
    ),
    cgroupParent: HostConfig.CgroupParent ?? '',
  };
}
