import { describe, expect, it } from 'vitest';
import { sampleStack } from '../sample.ts';

const { services } = sampleStack({
  services: ['caddy', 'prometheus', 'litellm', 'n8n'],
  vectorDb: 'pgvector',
  source: 'official',
});
const files = services.find(({ service }) => service.name === 'prometheus')?.rendered?.files ?? [];
const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? '';

describe('a service whose metrics want a key', () => {
  it('is scraped with one that stands in a file, and in no text of the configuration', () => {
    const key = textOf('prometheus/tokens/LITELLM_MASTER_KEY');
    expect(key).toMatch(/^sk-\S{16,}$/);
    const config = textOf('prometheus/prometheus.yml');
    expect(config).toContain(
      [
        '  - job_name: litellm',
        '    metrics_path: /metrics/',
        '    authorization:',
        '      credentials_file: /etc/prometheus/tokens/LITELLM_MASTER_KEY',
      ].join('\n'),
    );
    expect(config).not.toContain(key);
  });

  it('gets the file closed to all but the UID that reads it, and no other key lies beside it', () => {
    const tokens = files.filter(({ path }) => path.startsWith('prometheus/tokens/'));
    expect(tokens).toEqual([expect.objectContaining({ uid: 1001, mode: 0o400 })]);
  });
});
