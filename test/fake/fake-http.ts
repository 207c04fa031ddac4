import { AiplatError, EXIT } from '../../src/errors.ts';
import type { Http, HttpRequest } from '../../src/host/host.ts';
import { parseModelName } from '../../src/models/name.ts';
import { addressIn, type FakeContainer } from './fake-container.ts';
import type { FakeFiles } from './fake-files.ts';
import type { Life } from './life.ts';

/** A model in the library that the fake Ollama knows. */
export interface FakeModel {
  readonly bytes: number;
}

/** The Ollamas of the fake machine: they answer where they run, and keep their models in their mounts. */
export class FakeHttp implements Http {
  containers: () => readonly FakeContainer[] = () => [];
  readonly library = new Map<string, FakeModel>([
    ['llama3.2:3b', { bytes: 2_019_377_376 }],
    ['nomic-embed-text:latest', { bytes: 274_290_656 }],
  ]);
  /** What one of them says to whatever it is asked, when a tenant has taken it over. */
  hostile: { readonly status: number; readonly lines: readonly string[] } | undefined;
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  async ask({ endpoint, method, path, body }: HttpRequest, onLine: (line: string) => void): Promise<number> {
    const { model = '' } = body as { model?: string };
    const server = this.containers().find(
      ({ spec, state }) =>
        state === 'running' && spec.hostname === 'ollama' && addressIn(spec.network) === endpoint.address,
    );
    if (server === undefined || endpoint.port !== 11434) throw unreachable;
    if (this.hostile !== undefined) {
      this.hostile.lines.forEach(onLine);
      return this.hostile.status;
    }
    const file = manifestOf(server, model);
    if (path === '/api/pull' && method === 'POST') return this.#pull(model, file, onLine);
    if (path === '/api/delete' && method === 'DELETE') return this.#remove(model, file, onLine);
    return 404;
  }

  async #pull(model: string, file: string, onLine: (line: string) => void): Promise<number> {
    const found = this.library.get(model);
    const line = (value: object): void => onLine(JSON.stringify(value));
    line({ status: 'pulling manifest' });
    if (found === undefined) {
      line({ error: 'pull model manifest: file does not exist' });
      return 200;
    }
    const part = { status: 'pulling 3f4a', digest: 'sha256:3f4a', total: found.bytes };
    line(part);
    line({ ...part, completed: found.bytes });
    const text = JSON.stringify({ schemaVersion: 2, config: { size: 487 }, layers: [{ size: found.bytes }] });
    await this.#life.change(`pull model ${model}`, () =>
      this.#files.put(file, { text, uid: 1001, gid: 1001 }),
    );
    line({ status: 'success' });
    return 200;
  }

  async #remove(model: string, file: string, onLine: (line: string) => void): Promise<number> {
    if (!this.#files.tree.has(file)) {
      onLine(JSON.stringify({ error: `model '${model}' not found` }));
      return 404;
    }
    await this.#life.change(`remove model ${model}`, () => {
      this.#files.tree.delete(file);
    });
    return 200;
  }
}

function manifestOf({ spec }: FakeContainer, model: string): string {
  const { registry, namespace, model: name, tag } = parseModelName(model);
  const mount = spec.mounts.find(({ target }) => target === '/data')?.source ?? '';
  return `${mount}/models/manifests/${registry}/${namespace}/${name}/${tag}`;
}

const unreachable = new AiplatError({
  what: 'It does not answer as it should.',
  why: 'connect ECONNREFUSED',
  fix: 'See how the service is.',
  exitCode: EXIT.stopped,
});
