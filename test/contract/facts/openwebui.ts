import type { Facts } from '../facts.ts';

const url = { format: 'https?://[^/]+' };
const key = { format: '.+' };

export const openwebui: Facts = {
  service: 'openwebui',
  sources: [
    'open-webui/open-webui: Dockerfile, backend/start.sh, issue 26662 (arbitrary UID), issue 11210 (static files)',
    'open-webui/docs: reference/env-configuration (ConfigVar, WEBUI_ADMIN_*, VECTOR_DB and what goes with it)',
  ],
  entrypoint: ['bash', '/app/backend/start.sh'],
  programs: ['/usr/local/bin/serve'],
  tools: {
    sh: 'real',
    bash: 'real',
    curl: 'asks',
    python3: { words: '-c[\\s\\S]*webui\\.db[\\s\\S]*', asks: 'http://127.0.0.1:8080/health' },
  },
  ships: [
    { path: '/app/backend/start.sh', uid: 0, text: 'exec /usr/local/bin/serve\n' },
    { path: '/app/backend/open_webui/static/favicon.png', uid: 0, text: 'png' },
  ],
  listens: [{ port: 8080, answers: { '/health': { status: 200 }, '/': { status: 200 } } }],
  env: {
    WEBUI_SECRET_KEY: { format: '.{16,}', orFile: true },
    WEBUI_ADMIN_EMAIL: { format: '\\S+@\\S+' },
    WEBUI_ADMIN_PASSWORD: { format: '.{8,}' },
    WEBUI_URL: { format: 'https://[^/]+' },
    CORS_ALLOW_ORIGIN: { format: 'https://[^/]+' },
    ENABLE_PERSISTENT_CONFIG: { format: 'False' },
    OPENAI_API_BASE_URL: { format: 'https?://.+/v1' },
    OPENAI_API_KEY: { format: 'sk-.{16,}' },
    STATIC_DIR: { format: '/.+' },
    HOME: { format: '/app/backend/data' },
    VECTOR_DB: { format: 'qdrant|pgvector|weaviate|chroma|milvus' },
  },
  files: { '$STATIC_DIR/favicon.png': ['png'] },
  reaches: [{ http: '$OPENAI_API_BASE_URL/models', headers: { authorization: 'Bearer $OPENAI_API_KEY' } }],
  writes: [{ path: '/app/backend/data', persists: true }, { path: '/static' }, { path: '/tmp' }],
  closed: ['/app/backend', '/etc'],
  when: [
    {
      name: 'VECTOR_DB',
      is: 'qdrant',
      env: { QDRANT_URI: url, QDRANT_API_KEY: key },
      reaches: [{ http: '$QDRANT_URI/collections', headers: { 'api-key': '$QDRANT_API_KEY' } }],
    },
    {
      name: 'VECTOR_DB',
      is: 'pgvector',
      env: { PGVECTOR_DB_URL: { format: 'postgres(ql)?://.+' } },
      reaches: [{ postgres: '$PGVECTOR_DB_URL' }],
    },
    {
      name: 'VECTOR_DB',
      is: 'weaviate',
      env: {
        WEAVIATE_HTTP_HOST: { format: '[a-z]+' },
        WEAVIATE_HTTP_PORT: { format: '\\d+' },
        WEAVIATE_API_KEY: key,
      },
      reaches: [
        {
          http: 'http://$WEAVIATE_HTTP_HOST:$WEAVIATE_HTTP_PORT/v1/meta',
          headers: { authorization: 'Bearer $WEAVIATE_API_KEY' },
        },
      ],
    },
    {
      name: 'VECTOR_DB',
      is: 'chroma',
      env: { CHROMA_HTTP_HOST: { format: '[a-z]+' }, CHROMA_HTTP_PORT: { format: '\\d+' } },
      reaches: [{ http: 'http://$CHROMA_HTTP_HOST:$CHROMA_HTTP_PORT/api/v2/heartbeat' }],
    },
    {
      name: 'VECTOR_DB',
      is: 'milvus',
      env: { MILVUS_URI: url, MILVUS_TOKEN: { format: '[^:]+:.+' } },
      reaches: [{ tcp: '$MILVUS_URI' }],
    },
  ],
};
