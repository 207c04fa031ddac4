import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';
import { PINNED } from '../pinned.ts';

const START = '/usr/bin/tini -g -- /bin/bash -c "/app/commandline migrate && exec /app/main"';

/**
 * Every provider of models is a plugin, and every plugin a program with an environment of its own, installed from
 * the internet. As the first process it would take its own plugins for orphans, hence tini
 * (langgenius/dify-plugin-daemon, docker/local.dockerfile).
 */
export const difyPluginDaemon = defineService({
  name: 'dify-plugin-daemon',
  partOf: 'dify',
  title: 'Dify plugins',
  summary: 'runs the plugins of Dify, providers of models among them',
  presets: [],
  sources: { official: { image: PINNED.difyPluginDaemon, entrypoint: withSecretEnv(START) } },
  user: 'tenant',
  mounts: [{ path: '/app/storage', dir: 'dify-plugins' }],
  tmpfs: [{ path: '/tmp', sizeMb: 512 }],
  apparmor: {
    runsDataBecause: 'plugins are programs that it installs into its data',
    readsAccountsBecause: 'Python and uv ask for the home of their user',
  },
  env: {
    HOME: '/tmp',
    // Beside the environments that it is linked into, and not in memory.
    UV_CACHE_DIR: '/app/storage/.uv-cache',
    GIN_MODE: 'release',
    PLATFORM: 'local',
    SERVER_PORT: '5002',
    SERVER_KEY: '{{secret.DIFY_PLUGIN_DAEMON_KEY}}',
    DIFY_INNER_API_URL: 'http://dify-api:5001',
    DIFY_INNER_API_KEY: '{{secret.DIFY_INNER_API_KEY}}',
    PLUGIN_REMOTE_INSTALLING_ENABLED: 'false',
    PLUGIN_REMOTE_INSTALLING_HOST: '127.0.0.1',
    PLUGIN_REMOTE_INSTALLING_PORT: '5003',
    PLUGIN_STORAGE_TYPE: 'local',
    PLUGIN_STORAGE_LOCAL_ROOT: '/app/storage',
    PLUGIN_WORKING_PATH: '/app/storage/cwd',
    PLUGIN_INSTALLED_PATH: 'plugin',
    PLUGIN_PACKAGE_CACHE_PATH: 'plugin_packages',
    PLUGIN_MEDIA_CACHE_PATH: 'assets',
    FORCE_VERIFYING_SIGNATURE: 'true',
    DB_TYPE: 'postgresql',
    DB_HOST: 'postgres',
    DB_PORT: '5432',
    DB_USERNAME: '{{databaseRole.dify-api}}',
    DB_PASSWORD: '{{secret.DIFY_API_DB_PASSWORD}}',
    DB_DATABASE: '{{database.dify_plugin}}',
    DB_SSL_MODE: 'disable',
    REDIS_HOST: 'valkey',
    REDIS_PORT: '6379',
    REDIS_PASSWORD: '{{secret.VALKEY_PASSWORD}}',
    REDIS_DB: '0',
  },
  secrets: [{ key: 'DIFY_PLUGIN_DAEMON_KEY', format: 'token' }],
  backup: {
    how: 'running',
    because: 'a package is never changed once it is there, and its environment can be installed again',
  },
  credentials: [{ what: 'address in the network', value: 'http://dify-plugin-daemon:5002' }],
  dependsOn: ['postgres', 'valkey', 'dify-api'],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:5002/health/check'],
    startPeriodMs: 120_000,
  },
  limits: { memoryMb: 2048, cpus: 2, pids: 512 },
  licence: 'Apache-2.0',
});
