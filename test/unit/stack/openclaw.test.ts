import { describe, expect, it } from 'vitest';
import type { ImageSource } from '../../../src/catalog/schema.ts';
import { sampleStack, withAuthKey } from '../sample.ts';

const openclaw = (source: ImageSource, ...services: string[]) => {
  const models = [
    { server: 'llamacpp', name: 'tiny' },
    { server: 'llamacpp', name: 'bge-small' },
    { server: 'ollama', name: 'absent' },
  ] as const;
  const stack = sampleStack({ services: ['openclaw', ...services], models, source, edit: withAuthKey });
  const wanted = stack.services.find(({ service }) => service.name === 'openclaw');
  const files = wanted?.rendered?.files ?? [];
  const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? '';
  return { container: wanted?.container, settings: textOf('openclaw/settings.json'), textOf };
};

describe("OpenClaw's way to the tenant's models", () => {
  it('stands in its settings, with the name of the key and not with the key', () => {
    const { settings, textOf } = openclaw('embedded', 'llamacpp');
    expect(JSON.parse(settings).models.providers.tenant).toMatchObject({
      baseUrl: 'http://llamacpp:8080/v1',
      apiKey: '${OPENCLAW_MODEL_KEY}',
      models: [{ id: 'tiny', name: 'tiny' }],
    });
    const key = textOf('secrets/OPENCLAW_MODEL_KEY');
    expect(key).toMatch(/^sk-.{16,}/);
    expect(settings).not.toContain(key);
    expect(textOf('openclaw/settings.json')).toContain('trustedProxies');
  });

  it('leads through LiteLLM where that is, to each model by its name there', () => {
    const { settings } = openclaw('official', 'litellm', 'llamacpp');
    expect(JSON.parse(settings).models.providers.tenant).toMatchObject({
      baseUrl: 'http://litellm:4000/v1',
      models: [{ id: 'llamacpp/tiny', name: 'llamacpp/tiny' }],
    });
  });

  it('is not there without a server of models, and the key that an older config may name is', () => {
    const { settings, container, textOf } = openclaw('embedded');
    expect(JSON.parse(settings)).not.toHaveProperty('models');
    expect(container?.env).toMatchObject({ OPENCLAW_MODEL_KEY_FILE: '/run/secrets/OPENCLAW_MODEL_KEY' });
    expect(textOf('secrets/OPENCLAW_MODEL_KEY')).not.toBe('');
  });
});
