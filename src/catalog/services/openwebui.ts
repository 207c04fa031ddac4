import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';

/** Its static files go where it may write: it adds to them when it starts. */
const START = "sh -c 'cp -r /app/backend/open_webui/static/. /static/ && exec bash /app/backend/start.sh'";

/** The password lies in its data from the first start on, as a hash. Whoever renamed that account has one of their own. */
const ALIGN = `
import bcrypt, os, sqlite3
with open(os.environ['WEBUI_ADMIN_PASSWORD_FILE'], 'rb') as file:
    password = file.read().strip()
data = sqlite3.connect('/app/backend/data/webui.db', timeout=30)
email = os.environ['WEBUI_ADMIN_EMAIL']
found = data.execute('SELECT password FROM auth WHERE email = ?', (email,)).fetchone()
if found is not None and not bcrypt.checkpw(password, found[0].encode()):
    new = bcrypt.hashpw(password, bcrypt.gensalt()).decode()
    with data:
        data.execute('UPDATE auth SET password = ? WHERE email = ?', (new, email))
`;

/**
 * Without ENABLE_PERSISTENT_CONFIG it remembers addresses and keys of its first start, whatever the environment says
 * later (open-webui/docs, env configuration). Under another UID than root it writes neither its static files nor a
 * key beside its program (open-webui/open-webui#26662): both have places of their own.
 */
export const openwebui = defineService({
  name: 'openwebui',
  title: 'Open WebUI',
  summary: 'chat with all models',
  presets: ['minimal', 'standard', 'full'],
  sources: {
    official: {
      image: 'ghcr.io/open-webui/open-webui:v0.11.4',
      entrypoint: withSecretEnv(START),
    },
  },
  user: 'tenant',
  mounts: [{ path: '/app/backend/data', dir: 'openwebui' }],
  tmpfs: [
    { path: '/tmp', sizeMb: 512 },
    { path: '/static', sizeMb: 128 },
  ],
  env: {
    HOME: '/app/backend/data',
    // PyTorch asks for the name of its user, which a bare UID has not.
    USER: 'openwebui',
    XDG_CACHE_HOME: '/app/backend/data/cache',
    HF_HOME: '/app/backend/data/cache/huggingface',
    STATIC_DIR: '/static',
    PORT: '8080',
    WEBUI_URL: '{{url.openwebui}}',
    CORS_ALLOW_ORIGIN: '{{url.openwebui}}',
    ENABLE_PERSISTENT_CONFIG: 'False',
    ENABLE_SIGNUP: 'False',
    ENABLE_OLLAMA_API: 'False',
    ENABLE_VERSION_UPDATE_CHECK: 'False',
    WEBUI_ADMIN_EMAIL: 'admin@{{tenant.domain}}',
    WEBUI_ADMIN_NAME: '{{tenant.name}}',
    WEBUI_SECRET_KEY: '{{secret.WEBUI_SECRET_KEY}}',
    WEBUI_ADMIN_PASSWORD: '{{secret.WEBUI_ADMIN_PASSWORD}}',
    WEBUI_ADMIN_PASSWORD_FILE: '{{secretFile.WEBUI_ADMIN_PASSWORD}}',
  },
  modelClient: {
    key: 'OPENWEBUI_MODEL_KEY',
    env: { OPENAI_API_BASE_URL: '{{models.url}}', OPENAI_API_KEY: '{{secret.OPENWEBUI_MODEL_KEY}}' },
  },
  vectorEnv: {
    qdrant: {
      VECTOR_DB: 'qdrant',
      QDRANT_URI: 'http://qdrant:6333',
      QDRANT_API_KEY: '{{secret.QDRANT_API_KEY}}',
      QDRANT_COLLECTION_PREFIX: '{{tenant.name}}',
    },
    pgvector: {
      VECTOR_DB: 'pgvector',
      PGVECTOR_DB_URL: '{{databaseUrl.openwebui_vectors}}',
      PGVECTOR_CREATE_EXTENSION: 'False',
    },
    weaviate: {
      VECTOR_DB: 'weaviate',
      WEAVIATE_HTTP_HOST: 'weaviate',
      WEAVIATE_HTTP_PORT: '8080',
      WEAVIATE_GRPC_HOST: 'weaviate',
      WEAVIATE_GRPC_PORT: '50051',
      WEAVIATE_API_KEY: '{{secret.WEAVIATE_API_KEY}}',
    },
    chroma: {
      VECTOR_DB: 'chroma',
      CHROMA_HTTP_HOST: 'chroma',
      CHROMA_HTTP_PORT: '8000',
      CHROMA_TENANT: '{{tenant.name}}',
      CHROMA_DATABASE: '{{tenant.name}}',
    },
    milvus: {
      VECTOR_DB: 'milvus',
      MILVUS_URI: 'http://milvus:19530',
      MILVUS_TOKEN: 'root:{{secret.MILVUS_ROOT_PASSWORD}}',
      MILVUS_DB: '{{tenant.slug}}',
      MILVUS_COLLECTION_PREFIX: '{{tenant.slug}}',
    },
  },
  databases: [{ name: 'openwebui_vectors', extensions: ['vector'], forVectors: true }],
  secrets: [
    // Signs sessions, and encrypts the keys of tools that its users add.
    { key: 'WEBUI_SECRET_KEY', format: 'token', identity: true, file: 'WEBUI_SECRET_KEY' },
    { key: 'WEBUI_ADMIN_PASSWORD', format: 'password' },
  ],
  alignData: ['python3', '-c', ALIGN],
  backup: {
    how: 'stopped',
    because: 'its SQLite file, its uploads and its index have to be of the same moment',
  },
  credentials: [
    { what: 'address', value: '{{url.openwebui}}' },
    { what: 'user', value: 'admin@{{tenant.domain}}' },
    { what: 'password', value: '{{secret.WEBUI_ADMIN_PASSWORD}}' },
    { what: 'key of its data', value: '{{secret.WEBUI_SECRET_KEY}}' },
  ],
  dependsOn: ['litellm'],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:8080/health'],
    startPeriodMs: 300_000,
  },
  limits: { memoryMb: 2048, cpus: 2, pids: 256 },
  ports: [{ key: 'OPENWEBUI_PORT', container: 8080 }],
  route: { port: 8080, subdomain: 'chat' },
  licence: 'Open WebUI License: its name and logo stay on the page, beyond 50 users without an agreement',
});
