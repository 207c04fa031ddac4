import type { Conditions, Facts } from '../facts.ts';

const ANY = { format: '.+' };
const URL_OF_TENANT = { format: 'https://[^/]+' };

/** What the programs of the API image have in common. Values that upstream publishes are none. */
export const SHARED: Conditions = {
  env: {
    SECRET_KEY: { format: '(?!sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U$).{32,}' },
    DB_TYPE: { format: 'postgresql' },
    DB_USERNAME: ANY,
    DB_PASSWORD: { format: '(?!difyai123456$).{8,}' },
    DB_HOST: ANY,
    DB_PORT: { format: '\\d+' },
    DB_DATABASE: ANY,
    REDIS_HOST: ANY,
    REDIS_PORT: { format: '\\d+' },
    REDIS_PASSWORD: { format: '(?!difyai123456$).{8,}' },
    CELERY_BROKER_URL: { format: 'redis://:(?!difyai123456@)[^@]+@[^/]+/1' },
    STORAGE_TYPE: { format: 'opendal' },
    OPENDAL_SCHEME: { format: 'fs' },
    PLUGIN_DAEMON_URL: { format: 'http://[^/]+:5002' },
    PLUGIN_DAEMON_KEY: { format: '(?!lYkiYYT6owG).{16,}' },
    INNER_API_KEY_FOR_PLUGIN: { format: '(?!QaHbTe77CtuXmsfyhR7).{16,}' },
    CODE_EXECUTION_API_KEY: { format: '(?!dify-sandbox$).{8,}' },
    FILES_URL: URL_OF_TENANT,
    CONSOLE_WEB_URL: URL_OF_TENANT,
    // Its default is a folder of the image.
    LOG_FILE: { format: '' },
    VECTOR_STORE: { format: 'weaviate|qdrant|pgvector|chroma|milvus' },
    // A class of Weaviate and a collection of Milvus begin with it.
    VECTOR_INDEX_NAME_PREFIX: { format: '[A-Z][_0-9A-Za-z]*' },
  },
  reaches: [
    { postgres: 'postgresql://$DB_USERNAME:$DB_PASSWORD@$DB_HOST:$DB_PORT/$DB_DATABASE' },
    { redis: 'redis://:$REDIS_PASSWORD@$REDIS_HOST:$REDIS_PORT' },
    { redis: '$CELERY_BROKER_URL' },
  ],
};

export const VECTORS: NonNullable<Facts['when']> = [
  {
    name: 'VECTOR_STORE',
    is: 'qdrant',
    env: { QDRANT_URL: ANY, QDRANT_API_KEY: { format: '(?!difyai123456$).{8,}' } },
    reaches: [{ http: '$QDRANT_URL/collections', headers: { 'api-key': '$QDRANT_API_KEY' } }],
  },
  {
    name: 'VECTOR_STORE',
    is: 'pgvector',
    reaches: [
      {
        postgres:
          'postgresql://$PGVECTOR_USER:$PGVECTOR_PASSWORD@$PGVECTOR_HOST:$PGVECTOR_PORT/$PGVECTOR_DATABASE',
      },
    ],
  },
  {
    name: 'VECTOR_STORE',
    is: 'weaviate',
    env: {
      WEAVIATE_API_KEY: { format: '(?!WVF5YThaHlkYwhGUSmCRgsX3tD5ngdN8pkih$).{8,}' },
      WEAVIATE_GRPC_ENDPOINT: { format: 'grpc://.+:\\d+' },
    },
    reaches: [
      { http: '$WEAVIATE_ENDPOINT/v1/meta', headers: { authorization: 'Bearer $WEAVIATE_API_KEY' } },
      { tcp: '$WEAVIATE_GRPC_ENDPOINT' },
    ],
  },
  {
    name: 'VECTOR_STORE',
    is: 'chroma',
    reaches: [{ http: 'http://$CHROMA_HOST:$CHROMA_PORT/api/v2/heartbeat' }],
  },
  {
    name: 'VECTOR_STORE',
    is: 'milvus',
    env: { MILVUS_USER: ANY, MILVUS_PASSWORD: { format: '(?!Milvus$).{8,}' } },
    reaches: [{ tcp: '$MILVUS_URI' }],
  },
];

export const IMAGE = {
  sources: [
    'langgenius/dify: api/docker/entrypoint.sh, docker/docker-compose-template.yaml (api, worker, worker_beat)',
    'langgenius/dify: docker/envs/core-services/shared.env.example (defaults that are public)',
  ],
  entrypoint: ['/bin/bash', '/entrypoint.sh'],
  programs: ['/entrypoint.sh'],
  tools: { sh: 'real', bash: 'real', curl: 'asks' },
  ships: [
    { path: '/app/logs', uid: 1001 },
    { path: '/app/api', uid: 1001 },
  ],
} as const;

export const difyApi: Facts = {
  ...IMAGE,
  ...SHARED,
  service: 'dify-api',
  listens: [{ port: 5001, answers: { '/health': { status: 200 }, '/console/api/ping': { status: 200 } } }],
  env: {
    ...SHARED.env,
    MODE: { format: 'api' },
    MIGRATION_ENABLED: { format: 'true' },
    INIT_PASSWORD: { format: '.{8,30}' },
  },
  writes: [{ path: '/app/api/storage', persists: true }, { path: '/tmp' }],
  closed: ['/app/logs', '/app/api'],
  reaches: [...(SHARED.reaches ?? []), { tcp: '$SSRF_PROXY_HTTP_URL' }],
  when: VECTORS,
};
