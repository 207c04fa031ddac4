import { defineService } from '../define.ts';

/**
 * The user folder is a mount of its own, because n8n under a foreign UID cannot write its image's home
 * (n8n-io/n8n#12007). The owner is made by the first visitor of the page.
 */
export const n8n = defineService({
  name: 'n8n',
  title: 'n8n',
  summary: 'workflow automation',
  presets: ['standard', 'full'],
  sources: {
    official: {
      image: 'docker.io/n8nio/n8n:2.38.5',
      healthTest: ['CMD', 'wget', '-qO-', 'http://127.0.0.1:5678/healthz/readiness'],
    },
    embedded: { image: 'n8n' },
  },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'n8n' }],
  tmpfs: [{ path: '/tmp', sizeMb: 256 }],
  env: {
    HOME: '/data',
    N8N_USER_FOLDER: '/data',
    N8N_ENCRYPTION_KEY_FILE: '{{secretFile.N8N_ENCRYPTION_KEY}}',
    N8N_HOST: '{{hostname.n8n}}',
    N8N_PROTOCOL: 'https',
    N8N_LISTEN_ADDRESS: '0.0.0.0',
    WEBHOOK_URL: '{{url.n8n}}/',
    N8N_EDITOR_BASE_URL: '{{url.n8n}}/',
    N8N_PROXY_HOPS: '1',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    // With these requests on, a stop takes its full ten seconds where no internet answers.
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_METRICS: 'true',
  },
  secrets: [{ key: 'N8N_ENCRYPTION_KEY', format: 'hex', identity: true }],
  modelClient: { key: 'N8N_MODEL_KEY' },
  backup: {
    how: 'stopped',
    because: 'its SQLite file, the log beside it and its stored files have to be of the same moment',
  },
  credentials: [
    { what: 'address', value: '{{url.n8n}}' },
    { what: 'user', value: 'made by the first visitor of the page' },
    { what: 'key of its data', value: '{{secret.N8N_ENCRYPTION_KEY}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:5678/healthz/readiness'],
    startPeriodMs: 120_000,
  },
  limits: { memoryMb: 1536, cpus: 2, pids: 256 },
  takes: { memoryMb: 530, imageMb: 1230, dataMb: 82 },
  ports: [{ key: 'N8N_PORT', container: 5678 }],
  route: { port: 5678, subdomain: 'n8n' },
  metrics: { port: 5678, path: '/metrics' },
  licence: 'Sustainable Use License: not to be offered to others as a hosted service without an agreement',
});
