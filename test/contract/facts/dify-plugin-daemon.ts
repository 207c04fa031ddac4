import type { Facts } from '../facts.ts';

export const difyPluginDaemon: Facts = {
  service: 'dify-plugin-daemon',
  sources: [
    'langgenius/dify-plugin-daemon bdb5642 (2026-08-21): docker/local.dockerfile, .env.example, internal/db/pg/pg.go',
  ],
  entrypoint: ['/usr/bin/tini', '-g', '--'],
  command: ['/bin/bash', '-c', '/app/commandline migrate && exec /app/main'],
  programs: ['/usr/bin/tini'],
  tools: { sh: 'real', bash: 'real', curl: 'asks' },
  listens: [{ port: 5002, answers: { '/health/check': { status: 200 }, '/e/hook': { status: 200 } } }],
  // As the first process it takes its plugins for orphans; without the migration it has no tables.
  commandLine: ['^/usr/bin/tini -g -- .*/app/commandline migrate && exec /app/main'],
  env: {
    SERVER_PORT: { format: '5002' },
    SERVER_KEY: { format: '(?!lYkiYYT6owG).{16,}' },
    DIFY_INNER_API_URL: { format: 'http://[^/]+' },
    DIFY_INNER_API_KEY: { format: '(?!QaHbTe77CtuXmsfyhR7).{16,}' },
    PLUGIN_STORAGE_TYPE: { format: 'local' },
    PLUGIN_STORAGE_LOCAL_ROOT: { format: '/app/storage' },
    PLUGIN_WORKING_PATH: { format: '/app/storage/.+' },
    UV_CACHE_DIR: { format: '/(app/storage|tmp)/.+' },
    DB_TYPE: { format: 'postgresql' },
    DB_PASSWORD: { format: '(?!difyai123456$).{8,}' },
    DB_SSL_MODE: { format: 'disable' },
    REDIS_PASSWORD: { format: '(?!difyai123456$).{8,}' },
  },
  writes: [{ path: '/app/storage', persists: true }, { path: '/tmp' }],
  closed: ['/app', '/usr/bin'],
  reaches: [
    { postgres: 'postgresql://$DB_USERNAME:$DB_PASSWORD@$DB_HOST:$DB_PORT/$DB_DATABASE' },
    { redis: 'redis://:$REDIS_PASSWORD@$REDIS_HOST:$REDIS_PORT' },
    { http: '$DIFY_INNER_API_URL/health' },
  ],
};
