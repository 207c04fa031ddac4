import type {
  BuildSpec,
  ContainerCondition,
  ContainerQuery,
  ContainerSpec,
  DockerEngine,
  EngineFacts,
  ExecResult,
  FoundContainer,
  FoundImage,
  FoundNetwork,
  Labels,
  LogOptions,
  NetworkSpec,
  OnProgress,
} from '../../src/host/docker.ts';
import type { ContainerWalls } from '../../src/host/docker-walls.ts';
import { EngineLink } from './engine-link.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeContainers } from './fake-containers.ts';
import type { FakeFiles } from './fake-files.ts';
import { FakeImages } from './fake-images.ts';
import type { FakeAppArmor, FakeSlices } from './fake-kernel.ts';
import { FakeNetworks } from './fake-networks.ts';
import type { FakeSockets } from './fake-sockets.ts';
import type { Life } from './life.ts';

interface Machine {
  readonly life: Life;
  readonly clock: FakeClock;
  readonly files: FakeFiles;
  readonly sockets: FakeSockets;
  readonly apparmor: FakeAppArmor;
  readonly slices: FakeSlices;
}

/** An engine in memory. Its three collections are there for tests to look at and to furnish. */
export class FakeDocker implements DockerEngine {
  readonly link: EngineLink;
  readonly images: FakeImages;
  readonly networks: FakeNetworks;
  readonly containers: FakeContainers;
  engine: EngineFacts = {
    version: '29.5.3',
    apiVersion: '1.54',
    name: 'fake',
    securityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
    kernelVersion: '6.1.0-42-cloud-amd64',
    cgroupVersion: '2',
    cgroupDriver: 'systemd',
    dataRoot: '/var/lib/docker',
    runtimes: ['runc'],
  };

  constructor({ life, clock, files, sockets, apparmor, slices }: Machine) {
    this.link = new EngineLink(life);
    this.images = new FakeImages(this.link, clock);
    this.networks = new FakeNetworks(this.link);
    const { link, images, networks } = this;
    this.containers = new FakeContainers({
      link,
      clock,
      files,
      sockets,
      images,
      networks,
      apparmor,
      slices,
    });
  }

  facts = (): Promise<EngineFacts> => this.link.look(() => this.engine);
  listContainers = (query: ContainerQuery): Promise<FoundContainer[]> => this.containers.list(query);
  listNetworks = (): Promise<FoundNetwork[]> => this.networks.list();
  listImages = (references: readonly string[]): Promise<FoundImage[]> => this.images.list(references);
  createNetwork = (spec: NetworkSpec): Promise<void> => this.networks.create(spec);
  removeNetwork = (id: string): Promise<void> => this.networks.remove(id);
  createContainer = (spec: ContainerSpec): Promise<string> => this.containers.create(spec);
  startContainer = (id: string): Promise<void> => this.containers.start(id);
  stopContainer = (id: string): Promise<void> => this.containers.stop(id);
  renameContainer = (id: string, name: string): Promise<void> => this.containers.rename(id, name);
  removeContainer = (id: string): Promise<void> => this.containers.remove(id);
  wallsOf = (id: string): Promise<ContainerWalls> => this.containers.wallsOf(id);
  membersOf = (network: string): Promise<string[]> => this.containers.membersOf(network);
  pidOf = (id: string): Promise<number> => this.containers.pidOf(id);
  conditionOf = (id: string): Promise<ContainerCondition> => this.containers.conditionOf(id);
  exec = (id: string, command: readonly string[], input?: string): Promise<ExecResult> =>
    this.containers.exec(id, command, input);
  logTail = (id: string): Promise<string> => this.containers.logTail(id);
  streamLogs = async (
    id: string,
    { timestamps }: LogOptions,
    write: (text: string) => void,
  ): Promise<void> => {
    const log = await this.containers.logTail(id);
    const { startedAt = 0 } = this.containers.all.find((one) => one.id === id) ?? {};
    const at = new Date(Math.max(0, startedAt)).toISOString();
    write(timestamps ? log.replace(/^(?=.)/gm, `${at} `) : log);
  };
  imageVolumes = (reference: string): Promise<string[]> => this.images.volumesOf(reference);
  pullImage = (reference: string, onProgress: OnProgress): Promise<void> =>
    this.images.pull(reference, onProgress);
  buildImage = (spec: BuildSpec, onProgress: OnProgress): Promise<void> =>
    this.images.build(spec, onProgress);
  importImage = (_root: string, tag: string, labels: Labels): Promise<void> =>
    this.images.import(tag, labels);
  readImageFile = (reference: string, path: string): Promise<string> => this.images.readFile(reference, path);
  removeImage = (reference: string): Promise<void> =>
    this.images.remove(reference, () => this.containers.all.some(({ spec }) => spec.image === reference));
}
