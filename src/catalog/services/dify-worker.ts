import { defineService } from '../define.ts';
import { DIFY_ENV, DIFY_VECTOR_ENV, HOLDS_QUEUE } from '../dify-env.ts';
import { withSecretEnv } from '../environment.ts';
import { PINNED } from '../pinned.ts';

export const difyWorker = defineService({
  name: 'dify-worker',
  partOf: 'dify',
  title: 'Dify worker',
  summary: 'indexes documents and runs what takes long',
  presets: [],
  sources: {
    official: { image: PINNED.difyApi, entrypoint: withSecretEnv('/bin/bash /entrypoint.sh') },
  },
  user: 'tenant',
  mounts: [{ path: '/app/api/storage', dir: 'dify' }],
  tmpfs: [{ path: '/tmp', sizeMb: 512 }],
  apparmor: { readsAccountsBecause: 'Python asks for the home of its user' },
  env: { ...DIFY_ENV, MODE: 'worker', MIGRATION_ENABLED: 'false' },
  vectorEnv: DIFY_VECTOR_ENV,
  backup: { how: 'left out', because: 'its files are those of the API, which are taken' },
  credentials: [{ what: 'address', value: 'none: it takes its work from valkey:6379' }],
  dependsOn: ['postgres', 'valkey', 'dify-api'],
  health: { test: HOLDS_QUEUE, startPeriodMs: 180_000 },
  limits: { memoryMb: 1536, cpus: 2, pids: 256 },
  licence: 'Apache-2.0 with conditions: not to be offered to others as a service of many tenants',
});
