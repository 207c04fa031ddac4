import { defineService } from '../define.ts';
import { DIFY_ENV, HOLDS_QUEUE } from '../dify-env.ts';
import { withSecretEnv } from '../environment.ts';
import { PINNED } from '../pinned.ts';

export const difyWorkerBeat = defineService({
  name: 'dify-worker-beat',
  partOf: 'dify',
  title: 'Dify scheduler',
  summary: 'starts what is due',
  presets: [],
  sources: {
    official: { image: PINNED.difyApi, entrypoint: withSecretEnv('/bin/bash /entrypoint.sh') },
  },
  user: 'tenant',
  tmpfs: [{ path: '/tmp', sizeMb: 512 }],
  apparmor: { readsAccountsBecause: 'Python asks for the home of its user' },
  env: { ...DIFY_ENV, MODE: 'beat', MIGRATION_ENABLED: 'false' },
  credentials: [{ what: 'address', value: 'none: it takes its work from valkey:6379' }],
  dependsOn: ['postgres', 'valkey', 'dify-api'],
  health: { test: HOLDS_QUEUE, startPeriodMs: 180_000 },
  limits: { memoryMb: 512, cpus: 2, pids: 256 },
  licence: 'Apache-2.0 with conditions: not to be offered to others as a service of many tenants',
});
