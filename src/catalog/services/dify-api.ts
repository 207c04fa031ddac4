import { defineService } from '../define.ts';
import { DIFY_ENV, DIFY_VECTOR_ENV } from '../dify-env.ts';
import { withSecretEnv } from '../environment.ts';
import { PINNED } from '../pinned.ts';

/** The first visitor of /install makes the admin, with the password that `ops credentials` shows. */
export const difyApi = defineService({
  name: 'dify-api',
  partOf: 'dify',
  title: 'Dify API',
  summary: 'what the pages and the apps of Dify ask',
  presets: [],
  sources: {
    official: { image: PINNED.difyApi, entrypoint: withSecretEnv('/bin/bash /entrypoint.sh') },
  },
  user: 'tenant',
  mounts: [{ path: '/app/api/storage', dir: 'dify' }],
  tmpfs: [{ path: '/tmp', sizeMb: 512 }],
  apparmor: { readsAccountsBecause: 'Python asks for the home of its user' },
  env: {
    ...DIFY_ENV,
    MODE: 'api',
    MIGRATION_ENABLED: 'true',
    INIT_PASSWORD: '{{secret.DIFY_INIT_PASSWORD}}',
  },
  databases: [
    { name: 'dify' },
    { name: 'dify_plugin' },
    { name: 'dify_vectors', extensions: ['vector'], forVectors: true },
  ],
  vectorEnv: DIFY_VECTOR_ENV,
  secrets: [
    { key: 'DIFY_SECRET_KEY', format: 'token', identity: true, file: 'DIFY_SECRET_KEY' },
    // Upstream takes 30 letters at most.
    { key: 'DIFY_INIT_PASSWORD', format: 'password' },
    { key: 'DIFY_INNER_API_KEY', format: 'token' },
    { key: 'DIFY_CODE_EXECUTION_KEY', format: 'token' },
  ],
  backup: {
    how: 'running',
    because: 'a file gets a name of its own and is never changed; what names it is in the dump of PostgreSQL',
  },
  credentials: [
    { what: 'password of the first page', value: '{{secret.DIFY_INIT_PASSWORD}}' },
    { what: 'user', value: 'made by the first visitor of the page' },
  ],
  dependsOn: ['valkey', 'dify-ssrf-proxy'],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:5001/health'],
    startPeriodMs: 300_000,
  },
  limits: { memoryMb: 1536, cpus: 2, pids: 256 },
  licence: 'Apache-2.0 with conditions: not to be offered to others as a service of many tenants',
});
