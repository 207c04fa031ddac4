import { defineService } from '../define.ts';

const HEALTH = 'http://127.0.0.1:9101/healthz';

/**
 * aiplat's own program, in an image that has nothing but Node.js. cAdvisor would show every tenant's containers and
 * wants the engine's socket; this sees one directory of the kernel. The names of its metrics are cAdvisor's.
 */
const PROGRAM = ['node', '--max-old-space-size=64', '/etc/meters/meters.mjs', '/etc/meters/config.json'];

export const meters = defineService({
  name: 'meters',
  title: 'Meters',
  summary: "what the tenant's containers use, whether services answer, how full the volume is",
  presets: ['standard', 'full'],
  sources: {
    official: {
      image: 'docker.io/library/node:24.21.0-alpine',
      command: PROGRAM,
      healthTest: ['CMD', 'wget', '-qO-', HEALTH],
    },
    embedded: { image: 'node', command: PROGRAM },
  },
  user: 'tenant',
  mounts: [{ path: '/volume', dir: 'meters' }],
  files: [{ path: '/etc/meters', render: 'meters' }],
  readsGroups: { path: '/groups', because: 'the kernel tells there what each container uses' },
  env: { HOME: '/volume' },
  backup: {
    how: 'left out',
    because: 'its directory is empty: it is there to ask how full the volume is',
  },
  credentials: [{ what: 'address in the network', value: 'http://meters:9101/metrics' }],
  health: { test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', HEALTH], startPeriodMs: 15_000 },
  limits: { memoryMb: 128, cpus: 0.5, pids: 64 },
  takes: { memoryMb: 47, imageMb: 365, dataMb: 0 },
  metrics: { port: 9101, path: '/metrics' },
  licence: 'MIT (Node.js)',
});
