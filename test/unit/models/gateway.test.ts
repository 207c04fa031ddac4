import { describe, expect, it } from 'vitest';
import { catalog } from '../../../src/catalog/catalog.ts';
import { credentialsOf, modelServerOf } from '../../../src/catalog/models.ts';
import { type SampleOptions, sampleStack, TENANT } from '../sample.ts';

const GATEWAY: SampleOptions = { services: ['openwebui', 'n8n', 'ollama', 'llamacpp'], source: 'official' };
const MODELS = [
  { server: 'llamacpp', name: 'mine' },
  { server: 'ollama', name: 'nomic-embed-text:latest' },
  { server: 'ollama', name: 'someone/it"s:7b' },
] as const;

const withKeys = (text: string): string =>
  text
    .replace('OPENAI_API_KEY=\n', 'OPENAI_API_KEY=sk-real\n')
    .replace('GROQ_API_KEY=\n', "GROQ_API_KEY=gsk'real\n");

const fileOf = (options: SampleOptions, service: string, path: string): string =>
  sampleStack(options)
    .services.find((one) => one.service.name === service)
    ?.rendered?.files.find((file) => file.path === path)?.text ?? '';

describe('the config of LiteLLM', () => {
  it('is as it was agreed', async () => {
    const text = fileOf({ ...GATEWAY, models: MODELS, edit: withKeys }, 'litellm', 'litellm/config.yaml');
    await expect(text).toMatchFileSnapshot('../golden/litellm-config.yaml');
  });

  it('has an empty list where there are neither keys nor models', () => {
    const text = fileOf(GATEWAY, 'litellm', 'litellm/config.yaml');
    expect(text).toContain('model_list: []\n');
    expect(text).not.toContain('fallbacks');
  });

  it('knows only models whose server is in the stack', () => {
    const text = fileOf(
      { ...GATEWAY, services: ['litellm', 'ollama'], models: MODELS },
      'litellm',
      'litellm/config.yaml',
    );
    expect(text).toContain('ollama/nomic-embed-text:latest');
    expect(text).not.toContain('llamacpp');
  });

  it.each([
    ['without a provider', { models: MODELS }],
    ['without a model that answers', { models: MODELS.slice(1, 2), edit: withKeys }],
    ['without any model', { edit: withKeys }],
  ])('has nothing to fall back to %s', (_title, more) => {
    expect(fileOf({ ...GATEWAY, ...more }, 'litellm', 'litellm/config.yaml')).not.toContain('fallbacks');
  });

  it('holds no key, and neither does a setting of its container', () => {
    const stack = sampleStack({ ...GATEWAY, models: MODELS, edit: withKeys });
    const litellm = stack.services.find(({ service }) => service.name === 'litellm');
    const config = litellm?.rendered?.files.find(({ path }) => path.endsWith('config.yaml'))?.text;
    expect(config).not.toContain('sk-');
    expect(JSON.stringify(litellm?.container)).not.toMatch(/sk-real|gsk/);
    const hidden = litellm?.rendered?.files.find(({ path }) => path === 'secrets/environment')?.text;
    expect(hidden).toContain("GROQ_API_KEY='gsk'\\''real'\n");
  });

  it('is another when a key of a provider comes, so that LiteLLM is replaced', () => {
    const hashOf = (edit: (text: string) => string): string | undefined =>
      sampleStack({ ...GATEWAY, edit }).services.find(({ service }) => service.name === 'litellm')?.hash;
    expect(hashOf(withKeys)).not.toBe(hashOf((text) => text));
  });
});

describe('the keys of clients', () => {
  it('are the secrets of the clients in the stack, each its own', () => {
    const clients = JSON.parse(fileOf(GATEWAY, 'litellm', 'litellm/clients.json')) as Record<
      string,
      string | null
    >;
    expect(clients).toMatchObject({
      openwebui: expect.stringMatching(/^sk-/),
      n8n: expect.stringMatching(/^sk-/),
    });
    expect(clients).toMatchObject({ flowise: null, openclaw: null });
  });

  it("are llama.cpp's own where it is the model server, and none of theirs behind LiteLLM", () => {
    const keys = (options: SampleOptions): string[] =>
      fileOf(options, 'llamacpp', 'llamacpp/keys').trim().split('\n');
    expect(keys({ services: ['n8n', 'llamacpp'] })).toHaveLength(2);
    expect(keys(GATEWAY)).toHaveLength(1);
  });

  it('reach a client with the address, where there is a model server', () => {
    const client = sampleStack(GATEWAY).services.find(({ service }) => service.name === 'openwebui');
    expect(client?.container.env.OPENAI_API_BASE_URL).toBe('http://litellm:4000/v1');
    const hidden = client?.rendered?.files.find(({ path }) => path === 'secrets/environment')?.text;
    expect(hidden).toMatch(/^OPENAI_API_KEY='sk-/m);
  });
});

describe('what a client of models is shown', () => {
  const shown = (names: readonly string[]): string[] => {
    const services = names.map((name) => catalog.get(name)).filter((one) => one !== undefined);
    const n8n = catalog.get('n8n');
    return n8n === undefined
      ? []
      : credentialsOf(n8n, services)
          .slice(n8n.credentials.length)
          .map(({ value }) => value);
  };

  it.each([
    ['nothing where nobody serves any', ['n8n'], []],
    ['the gateway first', ['n8n', 'litellm', 'ollama'], ['{{models.url}}', '{{secret.N8N_MODEL_KEY}}']],
    [
      'no key where none is asked for',
      ['n8n', 'ollama'],
      ['{{models.url}}', 'none: the network is its wall'],
    ],
    [
      "llama.cpp's server where it is alone",
      ['n8n', 'llamacpp'],
      ['{{models.url}}', '{{secret.N8N_MODEL_KEY}}'],
    ],
  ])('%s', (_title, names, rows) => {
    expect(shown(names)).toEqual(rows);
  });

  it('the order of the catalogue decides', () => {
    expect(modelServerOf([...catalog.values()])?.name).toBe('litellm');
    expect(modelServerOf([...catalog.values()].filter(({ name }) => name !== 'litellm'))?.name).toBe(
      'ollama',
    );
  });
});

describe('the GPU', () => {
  const ollama = (hasGpu: boolean) => {
    const stack = sampleStack({ ...GATEWAY, hasGpu });
    return {
      container: stack.services.find(({ service }) => service.name === 'ollama')?.container,
      profile:
        stack.profiles?.text.split(`profile ai-platform-${TENANT.uid}-ollama`)[1]?.split('\nprofile ')[0] ??
        '',
      all: stack.services.filter(({ container }) => container.gpu).map(({ service }) => service.name),
    };
  };

  it('is for services that can use it, on a host that has one, when the admin lets the tenant', () => {
    const { container, profile, all } = ollama(true);
    expect([container?.gpu, container?.env.NVIDIA_VISIBLE_DEVICES, all]).toEqual([
      true,
      undefined,
      ['ollama'],
    ]);
    expect(profile).toContain('/dev/nvidia{[0-9]*,ctl,-uvm,-uvm-tools,-modeset} rw,');
  });

  it('is nothing that an image can take by itself elsewhere', () => {
    const { container, profile } = ollama(false);
    expect([container?.gpu, container?.env.NVIDIA_VISIBLE_DEVICES]).toEqual([undefined, 'void']);
    expect(profile).not.toContain('nvidia');
  });
});
