import type { Facts } from '../facts.ts';

export const qdrant: Facts = {
  service: 'qdrant',
  sources: [
    'qdrant/qdrant 1.19.0: Dockerfile (WORKDIR /qdrant, CMD ./entrypoint.sh), tools/entrypoint.sh, config/config.yaml',
    'src/actix/mod.rs and src/actix/auth.rs (what asks for no key), documentation: security, API keys',
  ],
  entrypoint: [],
  command: ['./entrypoint.sh'],
  programs: ['/qdrant/entrypoint.sh', '/qdrant/qdrant'],
  tools: { sh: 'real', bash: 'real' },
  listens: [
    {
      port: 6333,
      answers: {
        '/readyz': { status: 200 },
        '/livez': { status: 200 },
        '/collections': { status: 200, header: ['api-key', '$QDRANT__SERVICE__API_KEY'] },
        '/metrics': {
          status: 200,
          header: ['authorization', 'Bearer $QDRANT__SERVICE__READ_ONLY_API_KEY'],
        },
      },
    },
    { port: 6334 },
  ],
  env: {
    QDRANT__SERVICE__API_KEY: { format: '.{8,}' },
    QDRANT__SERVICE__READ_ONLY_API_KEY: { format: '.{8,}', optional: true },
    QDRANT__STORAGE__SNAPSHOTS_PATH: { format: '/qdrant/storage/.+' },
    QDRANT__TELEMETRY_DISABLED: { format: 'true|false', optional: true },
    QDRANT_INIT_FILE_PATH: { format: '/qdrant/storage/.+' },
  },
  writes: [{ path: '/qdrant/storage', persists: true }],
  closed: ['/qdrant'],
};
