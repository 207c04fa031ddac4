import type { ServiceInput } from './schema.ts';

/**
 * What the programs of Dify's API image have in common (langgenius/dify, docker/envs). Each key that upstream
 * ships with a public value is set: SECRET_KEY, the passwords, the keys between the programs and the prefix.
 */
export const DIFY_ENV: Readonly<Record<string, string>> = {
  HOME: '/tmp',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  UV_CACHE_DIR: '/tmp/.uv-cache',
  // Left out, it would be /app/logs/server.log, which belongs to the image.
  LOG_FILE: '',
  DEPLOY_ENV: 'PRODUCTION',
  SECRET_KEY: '{{secret.DIFY_SECRET_KEY}}',
  CONSOLE_API_URL: '{{url.dify}}',
  CONSOLE_WEB_URL: '{{url.dify}}',
  SERVICE_API_URL: '{{url.dify}}',
  APP_API_URL: '{{url.dify}}',
  APP_WEB_URL: '{{url.dify}}',
  FILES_URL: '{{url.dify}}',
  TRIGGER_URL: '{{url.dify}}',
  ENDPOINT_URL_TEMPLATE: '{{url.dify}}/e/{hook_id}',
  INTERNAL_FILES_URL: 'http://dify-api:5001',
  CHECK_UPDATE_URL: '',
  DB_TYPE: 'postgresql',
  DB_HOST: 'postgres',
  DB_PORT: '5432',
  DB_USERNAME: '{{databaseRole.dify-api}}',
  DB_PASSWORD: '{{secret.DIFY_API_DB_PASSWORD}}',
  DB_DATABASE: '{{database.dify}}',
  REDIS_HOST: 'valkey',
  REDIS_PORT: '6379',
  REDIS_PASSWORD: '{{secret.VALKEY_PASSWORD}}',
  REDIS_DB: '0',
  CELERY_BROKER_URL: 'redis://:{{secret.VALKEY_PASSWORD}}@valkey:6379/1',
  CELERY_BACKEND: 'redis',
  STORAGE_TYPE: 'opendal',
  OPENDAL_SCHEME: 'fs',
  OPENDAL_FS_ROOT: 'storage',
  PLUGIN_DAEMON_URL: 'http://dify-plugin-daemon:5002',
  PLUGIN_DAEMON_KEY: '{{secret.DIFY_PLUGIN_DAEMON_KEY}}',
  INNER_API_KEY_FOR_PLUGIN: '{{secret.DIFY_INNER_API_KEY}}',
  // Nobody answers there: its sandbox starts as root and changes users, and upstream's default is a public key.
  CODE_EXECUTION_ENDPOINT: 'http://127.0.0.1:1',
  CODE_EXECUTION_API_KEY: '{{secret.DIFY_CODE_EXECUTION_KEY}}',
  SSRF_PROXY_HTTP_URL: 'http://dify-ssrf-proxy:3128',
  SSRF_PROXY_HTTPS_URL: 'http://dify-ssrf-proxy:3128',
  VECTOR_INDEX_NAME_PREFIX: '{{tenant.class}}',
};

/**
 * How they find the tenant's vector database. A client of Chroma older than its server fails at the first collection
 * (chroma-core/chroma#4380); Dify's is that of 0.5.20 (langgenius/dify, api/providers/vdb/vdb-chroma).
 */
export const DIFY_VECTOR_ENV: NonNullable<ServiceInput['vectorEnv']> = {
  qdrant: {
    VECTOR_STORE: 'qdrant',
    QDRANT_URL: 'http://qdrant:6333',
    QDRANT_API_KEY: '{{secret.QDRANT_API_KEY}}',
  },
  pgvector: {
    VECTOR_STORE: 'pgvector',
    PGVECTOR_HOST: 'postgres',
    PGVECTOR_PORT: '5432',
    PGVECTOR_USER: '{{databaseRole.dify-api}}',
    PGVECTOR_PASSWORD: '{{secret.DIFY_API_DB_PASSWORD}}',
    PGVECTOR_DATABASE: '{{database.dify_vectors}}',
  },
  weaviate: {
    VECTOR_STORE: 'weaviate',
    WEAVIATE_ENDPOINT: 'http://weaviate:8080',
    WEAVIATE_GRPC_ENDPOINT: 'grpc://weaviate:50051',
    WEAVIATE_API_KEY: '{{secret.WEAVIATE_API_KEY}}',
  },
  chroma: {
    VECTOR_STORE: 'chroma',
    CHROMA_HOST: 'chroma',
    CHROMA_PORT: '8000',
    CHROMA_TENANT: '{{tenant.name}}',
    CHROMA_DATABASE: '{{tenant.name}}',
  },
  milvus: {
    VECTOR_STORE: 'milvus',
    MILVUS_URI: 'http://milvus:19530',
    MILVUS_DATABASE: '{{tenant.slug}}',
    MILVUS_USER: 'root',
    MILVUS_PASSWORD: '{{secret.MILVUS_ROOT_PASSWORD}}',
  },
  faults: {
    chroma: 'Dify does not understand Chroma 1.x yet: its knowledge needs another VECTOR_DB, such as qdrant.',
  },
};

/** Healthy while it holds a connection to the queue: port 6379 is 18EB in the kernel's table, state 01 is established. */
export const HOLDS_QUEUE = ['CMD-SHELL', 'grep -q ":18EB 01 " /proc/net/tcp /proc/net/tcp6'];
