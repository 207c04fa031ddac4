import { PassThrough } from 'node:stream';
import Dockerode from 'dockerode';
import type {
  ContainerCondition,
  ContainerQuery,
  ContainerSpec,
  DockerEngine,
  EngineFacts,
  ExecResult,
  FoundContainer,
  FoundNetwork,
  LogOptions,
  NetworkSpec,
} from './docker.ts';
import { createBody, foundContainer } from './docker-body.ts';
import { clientOptions } from './docker-endpoint.ts';
import { engineError, hasStatus } from './docker-errors.ts';
import { imageVerbs } from './docker-images.ts';
import { containerWalls } from './docker-walls.ts';

/** A real engine behind its API. The only file, with its docker-* siblings, that knows dockerode. */
export function dockerEngine(endpoint: string): DockerEngine {
  const client = new Dockerode(clientOptions(endpoint));
  const trying = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (thrown) {
      throw engineError(thrown, doing, endpoint);
    }
  };
  /** For what may be gone or done already: the codes given are as good as success. */
  const settling = (doing: string, codes: number[], call: () => Promise<unknown>): Promise<void> =>
    trying(doing, async () => {
      try {
        await call();
      } catch (thrown) {
        if (!hasStatus(thrown, ...codes)) throw thrown;
      }
    });
  return {
    facts: () => trying('say what it is', () => engineFacts(client)),
    listContainers: (query) => trying('list containers', () => listContainers(client, query)),
    listNetworks: () => trying('list networks', () => listNetworks(client)),
    createNetwork: (spec) => trying(`create the network ${spec.name}`, () => createNetwork(client, spec)),
    removeNetwork: (id) => settling('remove a network', [404], () => client.getNetwork(id).remove()),
    createContainer: (spec) => trying(`create ${spec.name}`, () => createContainer(client, spec)),
    startContainer: (id) => settling('start a container', [304], () => client.getContainer(id).start()),
    stopContainer: (id) => settling('stop a container', [304, 404], () => client.getContainer(id).stop()),
    renameContainer: (id, name) =>
      trying(`rename a container to ${name}`, () => client.getContainer(id).rename({ name })),
    removeContainer: (id) =>
      settling('remove a container', [404], () => client.getContainer(id).remove({ force: true, v: true })),
    wallsOf: (id) =>
      trying('inspect a container', async () => containerWalls(await client.getContainer(id).inspect())),
    membersOf: (network) => trying('inspect a network', () => membersOf(client, network)),
    pidOf: (id) =>
      trying('inspect a container', async () => (await client.getContainer(id).inspect()).State.Pid),
    conditionOf: (id) => trying('inspect a container', () => conditionOf(client, id)),
    exec: (id, command, input) =>
      trying(`run ${command[0]} in a container`, () => exec(client, id, command, input)),
    logTail: (id, lines) => trying('read a log', () => logTail(client, id, lines)),
    streamLogs: (id, options, write, signal) =>
      trying('read a log', () => streamLogs(client, id, options, write, signal)),
    ...imageVerbs(client, trying, settling),
  };
}

async function engineFacts(client: Dockerode): Promise<EngineFacts> {
  const [version, info] = await Promise.all([client.version(), client.info()]);
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    name: info.Name,
    securityOptions: info.SecurityOptions ?? [],
    kernelVersion: info.KernelVersion,
    cgroupVersion: info.CgroupVersion ?? '1',
    cgroupDriver: info.CgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs',
    dataRoot: info.DockerRootDir,
    runtimes: Object.keys(info.Runtimes ?? {}),
  };
}

async function listContainers(
  client: Dockerode,
  { labels = {}, names }: ContainerQuery,
): Promise<FoundContainer[]> {
  if (names?.length === 0) return [];
  const filters: Record<string, string[]> = {
    label: Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ...(names === undefined ? {} : { name: names.map((name) => `^/${name.replaceAll('.', '\\.')}$`) }),
  };
  const rows = await client.listContainers({ all: true, filters: JSON.stringify(filters) });
  return rows.map(foundContainer);
}

async function listNetworks(client: Dockerode): Promise<FoundNetwork[]> {
  const rows = await client.listNetworks();
  return rows.map((row) => ({
    id: row.Id,
    name: row.Name,
    labels: row.Labels ?? {},
    subnets: (row.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
  }));
}

async function membersOf(client: Dockerode, network: string): Promise<string[]> {
  const { Containers = {} } = (await client.getNetwork(network).inspect()) as {
    Containers?: Record<string, { Name: string }>;
  };
  return Object.values(Containers).map(({ Name }) => Name);
}

async function createNetwork(client: Dockerode, spec: NetworkSpec): Promise<void> {
  await client.createNetwork({
    Name: spec.name,
    CheckDuplicate: true,
    Driver: 'bridge',
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet, Gateway: spec.gateway }] },
    Options: { 'com.docker.network.bridge.name': spec.bridge },
    Labels: { ...spec.labels },
  });
}

async function createContainer(client: Dockerode, spec: ContainerSpec): Promise<string> {
  const container = await client.createContainer(createBody(spec));
  return container.id;
}

async function conditionOf(client: Dockerode, id: string): Promise<ContainerCondition> {
  const { State } = await client.getContainer(id).inspect();
  const probes = State.Health?.Log ?? [];
  const status = State.Health?.Status;
  return {
    state: State.Status,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    health: status === 'healthy' || status === 'unhealthy' || status === 'starting' ? status : 'none',
    lastProbe: (probes.at(-1)?.Output ?? '').trim().split('\n').at(-1)?.slice(0, 200) ?? '',
  };
}

/** A terminal would say again what it is told, and sees no end of it: with an input there is none. */
async function exec(
  client: Dockerode,
  id: string,
  command: readonly string[],
  input: string | undefined,
): Promise<ExecResult> {
  const Tty = input === undefined;
  const execution = await client
    .getContainer(id)
    .exec({ Cmd: [...command], AttachStdin: !Tty, AttachStdout: true, AttachStderr: true, Tty });
  const stream = await execution.start({ Tty, hijack: true, stdin: !Tty });
  if (!Tty) stream.end(input);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  const { ExitCode } = await execution.inspect();
  const output = Buffer.concat(chunks);
  return { exitCode: ExitCode ?? 1, output: Tty ? output.toString('utf8') : unframed(output) };
}

async function logTail(client: Dockerode, id: string, lines: number): Promise<string> {
  let text = '';
  const options = { tail: lines, since: 0, follow: false, timestamps: false };
  await streamLogs(client, id, options, (chunk) => (text += chunk), new AbortController().signal);
  return text;
}

/** Containers of ours have no terminal, so the engine sends stdout and stderr as frames of one stream. */
async function streamLogs(
  client: Dockerode,
  id: string,
  { tail, since, follow, timestamps }: LogOptions,
  write: (text: string) => void,
  abortSignal: AbortSignal,
): Promise<void> {
  const container = client.getContainer(id);
  const query = { stdout: true, stderr: true, since, timestamps, tail: tail as number, abortSignal };
  if (!follow) return write(unframed(await container.logs({ ...query, follow: false })));
  const stream = await container.logs({ ...query, follow: true });
  const out = new PassThrough();
  client.modem.demuxStream(stream, out, out);
  for (const event of ['end', 'error', 'close']) stream.on(event, () => out.end());
  for await (const chunk of out) write((chunk as Buffer).toString('utf8'));
}

/** A frame is a header of 8 bytes, whose last 4 are the length, and the text (Docker Engine API, attach). */
function unframed(frames: Buffer): string {
  const texts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    texts.push(frames.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(texts).toString('utf8');
}
