import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { listModels } from '../../src/commands/ops/models.ts';
import { type ModelOptions, pullModel } from '../../src/commands/ops/pull-model.ts';
import { removeModel } from '../../src/commands/ops/remove-model.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { BASE_DIR, deployOf, freshMachine, RECORD_PATH, setupOf, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

type Work = (context: Context) => Promise<void>;

const listOf: Work = (context) => listModels(context, { tenant: TENANT });
const pullOf =
  (name: string, options: ModelOptions = {}): Work =>
  (context) =>
    pullModel(context, name, { tenant: TENANT, ...options });
const removeOf =
  (name: string, options: ModelOptions = {}): Work =>
  (context) =>
    removeModel(context, name, { tenant: TENANT, ...options });

async function machineWith(...services: string[]): Promise<FakeHost> {
  const host = freshMachine();
  await succeed(host, setupOf({ services, vectorDb: 'chroma' }));
  await succeed(host, deployOf());
  return host;
}

const gateway = (): Promise<FakeHost> => machineWith('litellm', 'ollama');

/** What LiteLLM has read. */
const configOf = (host: FakeHost): string =>
  host.docker.containers.named('tenant-1001-litellm')?.loaded.get('/etc/litellm/config.yaml') ?? '';

interface Row {
  readonly server: string;
  readonly name: string;
  readonly sizeBytes?: number;
  readonly asked: string;
}
const rowsOf = async (host: FakeHost): Promise<Row[]> => {
  const { out } = await runCommand(host, listOf, { json: true });
  return (JSON.parse(out) as { models: Row[] }).models;
};

describe('pulling a model', () => {
  it('has Ollama bring it, tells LiteLLM of it, and leaves a line in the audit log', async () => {
    const host = await gateway();
    const { out, err } = await succeed(host, pullOf('llama3.2:3b'));
    expect(out).toContain('litellm knows of it');
    expect(err).toMatch(/✔ pull model llama3\.2:3b {2}asked for/);
    expect(configOf(host)).toContain('"ollama/llama3.2:3b"');
    expect(await rowsOf(host)).toEqual([
      { server: 'ollama', name: 'llama3.2:3b', sizeBytes: 2_019_377_863, asked: 'ollama/llama3.2:3b' },
    ]);
    expect(host.journal.entries.at(-1)).toMatchObject({ outcome: 'done', subject: TENANT });
  });

  it('leaves nothing to do for a deploy', async () => {
    const host = await gateway();
    await succeed(host, pullOf('llama3.2:3b'));
    const { out, changes } = await succeed(host, deployOf());
    expect([out, changes]).toEqual([expect.stringContaining('Nothing to do'), []]);
  });

  it('once more looks for a newer version, and replaces nothing', async () => {
    const host = await gateway();
    await succeed(host, pullOf('llama3.2:3b'));
    const { changes } = await succeed(host, pullOf('llama3.2:3b'));
    expect(changes.filter((change) => !change.includes('audit'))).toEqual(['pull model llama3.2:3b']);
  });

  it('is only shown with --dry-run: the plan, each step with its reason', async () => {
    const host = await gateway();
    const { out, changes } = await succeed(host, pullOf('llama3.2:3b', { dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/^pull model +llama3\.2:3b +asked for$/m);
    expect(out).toMatch(/^replace container +tenant-1001-litellm +changed: files$/m);
  });

  it('concerns nobody else where there is no gateway', async () => {
    const host = await machineWith('ollama');
    const { changes } = await succeed(host, pullOf('nomic-embed-text'));
    expect(changes.filter((change) => !change.includes('audit'))).toEqual([
      'pull model nomic-embed-text:latest',
    ]);
  });

  it('that does not fit the volume is stopped before it fills it: exit 1, and says how much is missing', async () => {
    const host = await gateway();
    host.http.library.set('large:70b', { bytes: 40e9 });
    const { exit, err } = await runCommand(host, pullOf('large:70b'));
    expect([exit, err]).toEqual([1, expect.stringContaining('large:70b does not fit on the volume')]);
    expect(err).toContain('It needs 37.3 GiB');
    expect(await rowsOf(host)).toEqual([]);
  });

  it("that Ollama's library does not have ends with its words: exit 1, and LiteLLM stays as it is", async () => {
    const host = await gateway();
    const { exit, err, changes } = await runCommand(host, pullOf('nothing:1b'));
    expect([exit, err]).toEqual([1, expect.stringContaining('file does not exist')]);
    expect(changes.some((change) => change.includes('litellm'))).toBe(false);
  });

  it.each<[string, number, readonly string[]]>([
    ['ends without success', 200, ['{"status":"pulling manifest"}']],
    ['says nothing', 200, []],
    ['answers with an error of its own', 500, ['{"error":"\\u001b[2Jowned"}']],
    [
      'claims sizes beyond all measure',
      200,
      ['{"digest":"a","total":9007199254740991}', '{"status":"success"}'],
    ],
  ])('from an Ollama that %s is no success: exit 1', async (_title, status, lines) => {
    const host = await gateway();
    host.http.hostile = { status, lines };
    const { exit, err } = await runCommand(host, pullOf('llama3.2:3b'));
    expect(exit).toBe(1);
    expect(err).not.toContain('\u001b');
  });

  it('needs an Ollama that runs: exit 3, and nothing is touched', async () => {
    const { exit, err, changes } = await runCommand(await machineWith('valkey'), pullOf('llama3.2:3b'));
    expect([exit, err, changes]).toEqual([3, expect.stringContaining('runs no Ollama'), []]);
  });

  it.each(['https://example.org/model.gguf', 'mine.gguf'])(
    'as the file %s is refused, with what to do instead: exit 2',
    async (text) => {
      const { exit, err } = await runCommand(await gateway(), pullOf(text));
      expect([exit, err]).toEqual([2, expect.stringContaining('sha256sum')]);
    },
  );

  it('is not for other tenants: exit 2', async () => {
    const host = await gateway();
    const { exit, changes } = await runCommand(host, pullOf('llama3.2:3b'), { sudoUid: 1002 });
    expect([exit, changes]).toEqual([2, []]);
  });
});

describe('removing a model', () => {
  it('has Ollama remove it, and tells LiteLLM', async () => {
    const host = await gateway();
    await succeed(host, pullOf('llama3.2:3b'));
    await succeed(host, removeOf('llama3.2:3b'));
    expect([configOf(host), await rowsOf(host)]).toEqual([expect.stringContaining('model_list: []'), []]);
  });

  it('that is not there is refused, with those that are: exit 2', async () => {
    const host = await gateway();
    await succeed(host, pullOf('nomic-embed-text'));
    const { exit, err } = await runCommand(host, removeOf('llama3.2:3b'));
    expect([exit, err]).toEqual([2, expect.stringContaining('It has nomic-embed-text:latest.')]);
  });

  it("removes llama.cpp's file, and starts its server anew", async () => {
    const host = await machineWith('llamacpp', 'n8n');
    const file = `${BASE_DIR}/data/llamacpp/mine.gguf`;
    host.files.put(file, { text: 'GGUF', uid: 1001, gid: 1001 });
    await succeed(host, deployOf());
    const { out } = await succeed(host, removeOf('mine.gguf'));
    expect([host.files.text(file), out]).toEqual([
      undefined,
      expect.stringContaining('llamacpp knows of it'),
    ]);
  });
});

describe('the list of models', () => {
  it('says how to get one where there is none', async () => {
    const { out } = await succeed(await gateway(), listOf);
    expect(out).toContain('aiplat ops models pull');
  });

  it('is read from the volume, whether their servers run or not', async () => {
    const host = await machineWith('llamacpp', 'ollama');
    await succeed(host, pullOf('nomic-embed-text'));
    host.docker.containers.all = [];
    const folder = `${BASE_DIR}/data/llamacpp`;
    host.files.put(`${folder}/mine.gguf`, { text: 'GGUF' });
    host.files.put(`${folder}/parts/mine-00001-of-00002.gguf`, { text: 'GGUF' });
    host.files.put(`${folder}/parts/mine-00002-of-00002.gguf`, { text: 'GGUF' });
    host.files.put(`${folder}/README.md`, { text: 'no model' });
    expect(await rowsOf(host)).toEqual([
      { server: 'llamacpp', name: 'mine', sizeBytes: 4, asked: 'mine' },
      { server: 'llamacpp', name: 'parts', sizeBytes: 8, asked: 'parts' },
      {
        server: 'ollama',
        name: 'nomic-embed-text:latest',
        sizeBytes: 274_291_143,
        asked: 'nomic-embed-text:latest',
      },
    ]);
  });

  it('has nothing of names and manifests that a tenant made up', async () => {
    const host = await gateway();
    const root = `${BASE_DIR}/data/ollama/models/manifests`;
    host.files.put(`${root}/registry.ollama.ai/library/bad\u001b[2J/latest`, { text: '{}' });
    host.files.put(`${root}/registry.ollama.ai/library/odd/latest`, {
      text: 'no json',
      uid: 1001,
      gid: 1001,
    });
    host.files.put(`${root}/-rf/library/odd/latest`, { text: '{}' });
    expect(await rowsOf(host)).toEqual([
      { server: 'ollama', name: 'odd:latest', asked: 'ollama/odd:latest' },
    ]);
  });
});

describe('the GPU', () => {
  const gpuOf = async (record: object, runtimes: readonly string[]): Promise<boolean> => {
    const host = freshMachine();
    host.files.put(RECORD_PATH, { text: JSON.stringify(record) });
    host.docker.engine = { ...host.docker.engine, runtimes };
    await succeed(host, setupOf({ services: ['ollama'], vectorDb: 'chroma' }));
    await succeed(host, deployOf());
    return host.docker.containers.named('tenant-1001-ollama')?.spec.gpu === true;
  };

  it.each([
    [
      'is passed through where the host has one and the admin lets the tenant',
      { gpu: true },
      ['runc', 'nvidia'],
      true,
    ],
    ['is nothing that a tenant has by itself', {}, ['runc', 'nvidia'], false],
    ['is not asked for where the host has none', { gpu: true }, ['runc'], false],
  ])('%s', async (_title, record, runtimes, has) => {
    expect(await gpuOf(record, runtimes)).toBe(has);
  });
});
