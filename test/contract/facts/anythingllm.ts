import type { Facts } from '../facts.ts';

/** Long enough, and without what its dump of settings would cut off: quotes, # and blanks. */
const KEY = `[^'"#\\s]{32,}`;

export const anythingllm: Facts = {
  service: 'anythingllm',
  sources: [
    'Mintplex-Labs/anything-llm 72aabbd: docker/Dockerfile, docker/docker-entrypoint.sh, docker/.env.example',
    'server/utils/helpers/updateENV.js (dump of settings), collector/utils/constants.js (hotdir)',
  ],
  entrypoint: ['/bin/bash', '/usr/local/bin/docker-entrypoint.sh'],
  programs: ['/usr/local/bin/docker-entrypoint.sh'],
  tools: { sh: 'real', bash: 'real', curl: 'asks' },
  ships: [
    { path: '/app/server/.env', uid: 1000, text: 'SERVER_PORT=3001\n' },
    { path: '/app/server/node_modules/.prisma', uid: 1000 },
    { path: '/app/collector/hotdir', uid: 1000 },
    { path: '/app/collector/storage/tmp', uid: 1000 },
  ],
  listens: [{ port: 3001, answers: { '/api/ping': { status: 200 }, '/': { status: 200 } } }],
  env: {
    SERVER_PORT: { format: '3001', optional: true },
    STORAGE_DIR: { format: '/app/server/storage' },
    JWT_SECRET: { format: KEY },
    SIG_KEY: { format: KEY },
    SIG_SALT: { format: KEY },
    AUTH_TOKEN: { format: `[^'"#\\s]{8,}` },
    VECTOR_DB: { format: 'lancedb|qdrant|pgvector|weaviate|chroma|milvus' },
  },
  writes: [
    { path: '/app/server/storage', persists: true },
    { path: '/app/collector/hotdir' },
    { path: '/app/collector/storage/tmp' },
    { path: '/app/server/node_modules/.prisma' },
    { path: '/tmp' },
  ],
  closed: ['/app/server', '/usr/local/bin'],
  when: [
    {
      name: 'VECTOR_DB',
      is: 'qdrant',
      env: { QDRANT_ENDPOINT: { format: 'https?://[^/]+' }, QDRANT_API_KEY: { format: '.+' } },
      reaches: [{ http: '$QDRANT_ENDPOINT/collections', headers: { 'api-key': '$QDRANT_API_KEY' } }],
    },
    {
      name: 'VECTOR_DB',
      is: 'pgvector',
      env: { PGVECTOR_CONNECTION_STRING: { format: 'postgres(ql)?://.+' } },
      reaches: [{ postgres: '$PGVECTOR_CONNECTION_STRING' }],
    },
    {
      name: 'VECTOR_DB',
      is: 'weaviate',
      env: { WEAVIATE_ENDPOINT: { format: 'https?://[^/]+' }, WEAVIATE_API_KEY: { format: '.+' } },
      reaches: [
        { http: '$WEAVIATE_ENDPOINT/v1/meta', headers: { authorization: 'Bearer $WEAVIATE_API_KEY' } },
      ],
    },
    {
      name: 'VECTOR_DB',
      is: 'chroma',
      env: { CHROMA_ENDPOINT: { format: 'https?://[^/]+' } },
      reaches: [{ http: '$CHROMA_ENDPOINT/api/v2/heartbeat' }],
    },
    {
      name: 'VECTOR_DB',
      is: 'milvus',
      env: {
        MILVUS_ADDRESS: { format: 'https?://[^/]+' },
        MILVUS_USERNAME: { format: '.+' },
        MILVUS_PASSWORD: { format: '.+' },
      },
      reaches: [{ tcp: '$MILVUS_ADDRESS' }],
    },
  ],
};
