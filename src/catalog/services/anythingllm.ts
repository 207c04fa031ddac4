import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';
import { PINNED } from '../pinned.ts';

/**
 * Upstream's image is made for its user 1000 (docker/Dockerfile, ARG_UID): the derived one opens it to any other.
 * Each start makes the client of its database anew, hence the folder of programs in memory.
 */
export const anythingllm = defineService({
  name: 'anythingllm',
  title: 'AnythingLLM',
  summary: 'chat with documents',
  presets: ['standard', 'full'],
  sources: {
    official: {
      image: PINNED.anythingllm,
      derived: 'anythingllm',
      entrypoint: withSecretEnv('/bin/bash /usr/local/bin/docker-entrypoint.sh'),
    },
  },
  user: 'tenant',
  mounts: [{ path: '/app/server/storage', dir: 'anythingllm' }],
  tmpfs: [
    { path: '/tmp', sizeMb: 256 },
    { path: '/app/server/node_modules/.prisma', sizeMb: 128, runs: true },
    { path: '/app/collector/hotdir', sizeMb: 512 },
    { path: '/app/collector/storage/tmp', sizeMb: 512 },
  ],
  apparmor: {
    runsDataBecause:
      'Prisma puts its engine beside the client that it makes; plugins and MCP servers are programs',
    readsAccountsBecause: 'Prisma, git and Chromium ask for the name of their user',
  },
  env: {
    HOME: '/tmp',
    SERVER_PORT: '3001',
    STORAGE_DIR: '/app/server/storage',
    JWT_SECRET: '{{secret.ANYTHINGLLM_JWT_SECRET}}',
    SIG_KEY: '{{secret.ANYTHINGLLM_SIG_KEY}}',
    SIG_SALT: '{{secret.ANYTHINGLLM_SIG_SALT}}',
    AUTH_TOKEN: '{{secret.ANYTHINGLLM_AUTH_TOKEN}}',
    DISABLE_TELEMETRY: 'true',
    DISABLE_SWAGGER_DOCS: 'true',
    CHECKPOINT_DISABLE: '1',
    // Its own sandbox would need CAP_SYS_ADMIN, which no tenant gets.
    ANYTHINGLLM_CHROMIUM_ARGS: '--no-sandbox,--disable-setuid-sandbox',
  },
  // Its provider for LiteLLM speaks to any server of OpenAI's API; which model, is chosen on its page.
  modelClient: {
    key: 'ANYTHINGLLM_MODEL_KEY',
    env: {
      LLM_PROVIDER: 'litellm',
      LITE_LLM_BASE_PATH: '{{models.url}}',
      LITE_LLM_API_KEY: '{{secret.ANYTHINGLLM_MODEL_KEY}}',
      LITE_LLM_MODEL_TOKEN_LIMIT: '8192',
    },
  },
  databases: [{ name: 'anythingllm_vectors', extensions: ['vector'], forVectors: true }],
  vectorEnv: {
    qdrant: {
      VECTOR_DB: 'qdrant',
      QDRANT_ENDPOINT: 'http://qdrant:6333',
      QDRANT_API_KEY: '{{secret.QDRANT_API_KEY}}',
    },
    pgvector: {
      VECTOR_DB: 'pgvector',
      PGVECTOR_CONNECTION_STRING: '{{databaseUrl.anythingllm_vectors}}',
    },
    weaviate: {
      VECTOR_DB: 'weaviate',
      WEAVIATE_ENDPOINT: 'http://weaviate:8080',
      WEAVIATE_API_KEY: '{{secret.WEAVIATE_API_KEY}}',
    },
    chroma: { VECTOR_DB: 'chroma', CHROMA_ENDPOINT: 'http://chroma:8000' },
    milvus: {
      VECTOR_DB: 'milvus',
      MILVUS_ADDRESS: 'http://milvus:19530',
      MILVUS_USERNAME: 'root',
      MILVUS_PASSWORD: '{{secret.MILVUS_ROOT_PASSWORD}}',
    },
  },
  secrets: [
    { key: 'ANYTHINGLLM_SIG_KEY', format: 'hex', identity: true, file: 'ANYTHINGLLM_SIG_KEY' },
    { key: 'ANYTHINGLLM_SIG_SALT', format: 'hex', identity: true, file: 'ANYTHINGLLM_SIG_SALT' },
    { key: 'ANYTHINGLLM_JWT_SECRET', format: 'hex' },
    { key: 'ANYTHINGLLM_AUTH_TOKEN', format: 'token' },
  ],
  backup: {
    how: 'stopped',
    because: 'its SQLite file, its documents and their cache have to be of the same moment',
  },
  credentials: [
    { what: 'address', value: '{{url.anythingllm}}' },
    { what: 'password', value: '{{secret.ANYTHINGLLM_AUTH_TOKEN}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:3001/api/ping'],
    startPeriodMs: 180_000,
  },
  limits: { memoryMb: 2048, cpus: 2, pids: 512, shmMb: 256 },
  ports: [{ key: 'ANYTHINGLLM_PORT', container: 3001 }],
  route: { port: 3001, subdomain: 'anythingllm' },
  licence: 'MIT',
});
