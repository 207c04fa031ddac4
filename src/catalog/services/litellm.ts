import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';

const START = '/app/docker/prod_entrypoint.sh --config /etc/litellm/config.yaml --port 4000';

/** There is neither curl nor wget in the image (BerriAI/litellm#9295). */
const ASK = [
  'import urllib.request',
  'urllib.request.urlopen("http://127.0.0.1:4000/health/readiness", timeout=8)',
].join('; ');

/**
 * The gateway: one address and one way of asking for all models, those of providers and those on this host. Its state
 * lies in PostgreSQL. From 1.92.1 on it starts under any UID (BerriAI/litellm#33853).
 */
export const litellm = defineService({
  name: 'litellm',
  title: 'LiteLLM',
  summary: 'gateway to all models',
  presets: ['minimal', 'standard', 'full'],
  sources: {
    official: { image: 'ghcr.io/berriai/litellm:v1.97.0', entrypoint: withSecretEnv(START) },
  },
  user: 'tenant',
  files: [{ path: '/etc/litellm', render: 'litellm' }],
  tmpfs: [
    { path: '/tmp', sizeMb: 512 },
    { path: '/migrations', sizeMb: 64 },
  ],
  env: {
    HOME: '/tmp',
    LITELLM_MODE: 'PRODUCTION',
    LITELLM_NON_ROOT: 'true',
    LITELLM_MIGRATION_DIR: '/migrations',
    LITELLM_LOG: 'ERROR',
    PROXY_BASE_URL: '{{url.litellm}}',
    LITELLM_MASTER_KEY: '{{secret.LITELLM_MASTER_KEY}}',
    LITELLM_MASTER_KEY_FILE: '{{secretFile.LITELLM_MASTER_KEY}}',
    LITELLM_SALT_KEY: '{{secret.LITELLM_SALT_KEY}}',
    DATABASE_URL: '{{databaseUrl.litellm}}',
    UI_USERNAME: 'admin',
    UI_PASSWORD: '{{secret.LITELLM_UI_PASSWORD}}',
    LLAMACPP_API_KEY: '{{secret.LLAMACPP_API_KEY}}',
    OPENAI_API_KEY: '{{provider.OPENAI_API_KEY}}',
    ANTHROPIC_API_KEY: '{{provider.ANTHROPIC_API_KEY}}',
    GEMINI_API_KEY: '{{provider.GEMINI_API_KEY}}',
    MISTRAL_API_KEY: '{{provider.MISTRAL_API_KEY}}',
    GROQ_API_KEY: '{{provider.GROQ_API_KEY}}',
    OPENROUTER_API_KEY: '{{provider.OPENROUTER_API_KEY}}',
  },
  databases: [{ name: 'litellm' }],
  secrets: [
    { key: 'LITELLM_MASTER_KEY', format: 'sk' },
    // Encrypts what somebody adds on its page.
    { key: 'LITELLM_SALT_KEY', format: 'token', identity: true, file: 'LITELLM_SALT_KEY' },
    { key: 'LITELLM_UI_PASSWORD', format: 'password' },
  ],
  modelServer: { url: 'http://litellm:4000/v1', checksKeys: true },
  // Gives each client a virtual key, whose value is the client's own secret.
  alignData: ['python3', '/etc/litellm/keys.py', 'http://127.0.0.1:4000'],
  credentials: [
    { what: 'address', value: '{{url.litellm}}/ui' },
    { what: 'user', value: 'admin' },
    { what: 'password', value: '{{secret.LITELLM_UI_PASSWORD}}' },
    { what: 'address in the network', value: 'http://litellm:4000/v1' },
    { what: 'master key', value: '{{secret.LITELLM_MASTER_KEY}}' },
    { what: 'key of its data', value: '{{secret.LITELLM_SALT_KEY}}' },
  ],
  health: { test: ['CMD', 'python3', '-c', ASK], startPeriodMs: 180_000 },
  limits: { memoryMb: 2048, cpus: 2, pids: 256 },
  ports: [{ key: 'LITELLM_PORT', container: 4000 }],
  route: { port: 4000, subdomain: 'litellm' },
  // Without the slash at the end it redirects, and without a key it refuses.
  metrics: { port: 4000, path: '/metrics/', token: 'LITELLM_MASTER_KEY' },
  licence: 'MIT; the folder enterprise/ under a licence of its own, and unused without a key for it',
});
