import type { Facts } from '../facts.ts';

export const litellm: Facts = {
  service: 'litellm',
  sources: [
    'BerriAI/litellm: docker/prod_entrypoint.sh, docker/Dockerfile.database, PR 33853 (any UID from 1.92.1 on)',
    'BerriAI/litellm-docs: docs/proxy/prod.md (read-only file system, keys), docs/proxy/virtual_keys.md (sk-)',
    'BerriAI/litellm issue 9295: neither curl nor wget in the image',
  ],
  entrypoint: ['/app/docker/prod_entrypoint.sh'],
  command: ['--port', '4000'],
  programs: ['/app/docker/prod_entrypoint.sh'],
  tools: { sh: 'real', bash: 'real', python3: 'asks' },
  listens: [
    {
      port: 4000,
      answers: {
        '/health/liveliness': { status: 200 },
        '/health/readiness': { status: 200 },
        '/': { status: 200 },
        '/ui': { status: 200 },
        '/v1/models': { status: 200 },
        '/metrics/': { status: 200, header: ['authorization', 'Bearer $LITELLM_MASTER_KEY'] },
      },
    },
  ],
  commandLine: ['--config /\\S+\\.yaml\\b', '--port 4000\\b'],
  env: {
    LITELLM_MASTER_KEY: { format: 'sk-.{16,}' },
    LITELLM_SALT_KEY: { format: '.{16,}' },
    DATABASE_URL: { format: 'postgres(ql)?://[^:/@]+:[^:/@]+@[^/]+/.+' },
    UI_USERNAME: { format: '.+' },
    UI_PASSWORD: { format: '.{8,}' },
    LITELLM_NON_ROOT: { format: 'true' },
    LITELLM_MIGRATION_DIR: { format: '/.+' },
    HOME: { format: '/.+' },
  },
  files: {
    '/etc/litellm/config.yaml': [
      '^model_list:',
      '^ {2}master_key: os\\.environ/LITELLM_MASTER_KEY$',
      '^ {2}database_url: os\\.environ/DATABASE_URL$',
      '^ {2}callbacks: \\[prometheus\\]$',
    ],
  },
  reaches: [{ postgres: '$DATABASE_URL' }],
  writes: [{ path: '/tmp' }, { path: '/migrations' }],
  closed: ['/app', '/etc', '/opt'],
};
