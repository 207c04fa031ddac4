import type Dockerode from 'dockerode';
import { execa } from 'execa';
import type { BuildSpec, DockerEngine, FoundImage, Labels, OnProgress } from './docker.ts';
import { hasStatus } from './docker-errors.ts';

type Trying = <T>(doing: string, call: () => Promise<T>) => Promise<T>;
type Settling = (doing: string, codes: number[], call: () => Promise<unknown>) => Promise<void>;
type ImageVerbs = Pick<
  DockerEngine,
  'imageVolumes' | 'listImages' | 'pullImage' | 'buildImage' | 'importImage' | 'readImageFile' | 'removeImage'
>;

/** The verbs about images. */
export const imageVerbs = (client: Dockerode, trying: Trying, settling: Settling): ImageVerbs => ({
  listImages: (references) => trying('list images', () => listImages(client, references)),
  imageVolumes: (reference) =>
    trying(`look at ${reference}`, async () => {
      const { Config } = await client.getImage(reference).inspect();
      return Object.keys(Config.Volumes ?? {});
    }),
  pullImage: (reference, onProgress) =>
    trying(`pull ${reference}`, () => pull(client, reference, onProgress)),
  buildImage: (spec, onProgress) => trying(`build ${spec.tag}`, () => build(client, spec, onProgress)),
  importImage: (root, tag, labels) => trying(`import ${tag}`, () => importRoot(client, root, tag, labels)),
  readImageFile: (reference, path) =>
    trying(`read ${path} of ${reference}`, () => readFile(client, reference, path)),
  removeImage: (reference) =>
    settling(`remove ${reference}`, [404], () => client.getImage(reference).remove()),
});

async function listImages(client: Dockerode, references: readonly string[]): Promise<FoundImage[]> {
  if (references.length === 0) return [];
  const rows = await client.listImages({
    filters: JSON.stringify({ reference: references.map(shortReference) }),
  });
  return rows.map((row) => ({
    id: row.Id,
    tags: [...(row.RepoTags ?? []), ...(row.RepoDigests ?? [])].flatMap((tag) =>
      references.filter((wanted) => shortReference(wanted) === tag),
    ),
    labels: row.Labels ?? {},
    sizeBytes: row.Size,
  }));
}

/** The engine lists images of its default registry without that registry's name. */
const shortReference = (reference: string): string => reference.replace(/^docker\.io\/(library\/)?/, '');

/** One message of the engine's progress stream. */
interface Message {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** Reads a progress stream to its end. The engine reports a failure as its last message, on a stream that ends well. */
async function follow(
  client: Dockerode,
  stream: NodeJS.ReadableStream,
  onMessage: (message: Message) => void,
): Promise<void> {
  const messages = await new Promise<Message[]>((resolve, reject) => {
    const finished = (error: Error | null, output: Message[]): void =>
      error === null ? resolve(output) : reject(error);
    client.modem.followProgress(stream, finished, onMessage);
  });
  const failed = messages.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(failed.error);
}

async function pull(client: Dockerode, reference: string, onProgress: OnProgress): Promise<void> {
  const layers = new Map<string, { current: number; total: number }>();
  const stream = await client.pull(reference);
  await follow(client, stream, ({ id, status, progressDetail }) => {
    if (id === undefined || status !== 'Downloading') return;
    layers.set(id, { current: progressDetail?.current ?? 0, total: progressDetail?.total ?? 0 });
    const sum = (pick: 'current' | 'total'): number =>
      [...layers.values()].reduce((all, layer) => all + layer[pick], 0);
    onProgress(`${megabytes(sum('current'))} of ${megabytes(sum('total'))} MB`);
  });
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

async function build(client: Dockerode, spec: BuildSpec, onProgress: OnProgress): Promise<void> {
  const stream = await client.buildImage(
    { context: spec.contextDir, src: [...spec.files] },
    { t: spec.tag, buildargs: { ...spec.args }, labels: { ...spec.labels }, rm: true, forcerm: true },
  );
  const last: string[] = [];
  try {
    await follow(client, stream, ({ stream: text }) => {
      const line = text?.trim() ?? '';
      if (line === '') return;
      last.push(line);
      if (last.length > 15) last.shift();
      onProgress(line);
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${reason}\n${last.map((line) => `  | ${line}`).join('\n')}`, { cause: thrown });
  }
}

async function importRoot(client: Dockerode, root: string, tag: string, labels: Labels): Promise<void> {
  const tar = execa('tar', ['--numeric-owner', '-C', root, '-c', '.'], { encoding: 'buffer', buffer: false });
  const [repo, version] = tag.split(':');
  const stream = await client.importImage(tar.stdout, {
    repo,
    tag: version,
    changes: Object.entries(labels).map(([key, value]) => `LABEL ${key}="${value}"`),
  });
  await Promise.all([tar, follow(client, stream, () => undefined)]);
}

/** Reads a small file of an image through a container that is never started. */
async function readFile(client: Dockerode, reference: string, path: string): Promise<string> {
  const container = await client.createContainer({ Image: reference, Cmd: ['true'] });
  try {
    const archive = await container.getArchive({ path });
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(Buffer.from(chunk as Uint8Array));
    return firstFileOfTar(Buffer.concat(chunks));
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return '';
    throw thrown;
  } finally {
    await container.remove({ force: true });
  }
}

/** A tar entry is a header of 512 bytes, with the size in octal at 124, and the content behind it (POSIX ustar). */
function firstFileOfTar(tar: Buffer): string {
  const size = Number.parseInt(tar.subarray(124, 136).toString('latin1'), 8);
  return tar.subarray(512, 512 + size).toString('utf8');
}
