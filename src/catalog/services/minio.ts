import { defineService } from '../define.ts';
import { PINNED } from '../pinned.ts';

/**
 * Silo, the maintained fork of MinIO: minio/minio publishes source alone since October 2025 and its images were
 * taken away. Settings, API and data are MinIO's. It looks for files of its keys itself.
 */
export const minio = defineService({
  name: 'minio',
  title: 'MinIO (Silo)',
  summary: 'object storage that speaks S3',
  presets: ['full'],
  sources: {
    official: { image: PINNED.silo, command: ['server', '/data', '--console-address', ':9001'] },
  },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'minio' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: {
    HOME: '/tmp',
    MC_CONFIG_DIR: '/tmp/.mc',
    MINIO_ROOT_USER: '{{tenant.name}}',
    MINIO_ROOT_PASSWORD_FILE: '{{secretFile.MINIO_ROOT_PASSWORD}}',
    MINIO_BROWSER_REDIRECT_URL: '{{url.minio}}',
    MINIO_PROMETHEUS_AUTH_TYPE: 'public',
    MINIO_UPDATE: 'off',
  },
  secrets: [{ key: 'MINIO_ROOT_PASSWORD', format: 'token' }],
  backup: {
    how: 'stopped',
    because: 'an object lies in files of data and of description that have to be of the same moment',
  },
  credentials: [
    { what: 'console', value: '{{url.minio}}' },
    { what: 'S3 in the network', value: 'http://minio:9000' },
    { what: 'user', value: '{{tenant.name}}' },
    { what: 'password', value: '{{secret.MINIO_ROOT_PASSWORD}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:9000/minio/health/live'],
    startPeriodMs: 60_000,
  },
  limits: { memoryMb: 1024, cpus: 2, pids: 256 },
  ports: [{ key: 'MINIO_PORT', container: 9000 }],
  route: { port: 9001, subdomain: 'minio' },
  metrics: { port: 9000, path: '/minio/v2/metrics/cluster' },
  licence: 'AGPL-3.0',
});
