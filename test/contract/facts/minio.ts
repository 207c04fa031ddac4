import type { Facts } from '../facts.ts';

export const minio: Facts = {
  service: 'minio',
  sources: [
    'pgsty/silo: Dockerfile.goreleaser, dockerscripts/docker-entrypoint.sh',
    'minio/minio: docs/docker/README.md, docs/metrics/healthcheck/README.md, internal/auth/credentials.go (lengths)',
  ],
  entrypoint: ['/usr/bin/docker-entrypoint.sh'],
  command: ['silo'],
  programs: ['/usr/bin/docker-entrypoint.sh', '/usr/bin/silo'],
  tools: { sh: 'real', curl: 'asks' },
  listens: [
    {
      port: 9000,
      answers: { '/minio/health/live': { status: 200 }, '/minio/v2/metrics/cluster': { status: 200 } },
    },
    { port: 9001, answers: { '/': { status: 200 }, '/login': { status: 200 } } },
  ],
  commandLine: ['\\bserver /data\\b', '--console-address :9001\\b'],
  env: {
    MINIO_ROOT_USER: { format: '(?!minioadmin$).{3,}', orFile: true },
    MINIO_ROOT_PASSWORD: { format: '(?!minioadmin$).{8,}', orFile: true },
    MINIO_BROWSER_REDIRECT_URL: { format: 'https?://[^/]+/?', optional: true },
    MINIO_PROMETHEUS_AUTH_TYPE: { format: 'public|jwt', optional: true },
  },
  writes: [{ path: '/data', persists: true }, { path: '/tmp' }],
  closed: ['/usr/bin', '/etc'],
};
