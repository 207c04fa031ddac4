import { defineService } from '../define.ts';

/**
 * It looks for its keys as files of fixed names in SECRETKEY_PATH, and makes those that it does not find: with
 * issuer and audience set, it has nothing to make there.
 */
export const flowise = defineService({
  name: 'flowise',
  title: 'Flowise',
  summary: 'flows of models and tools',
  presets: [],
  sources: {
    official: { image: 'docker.io/flowiseai/flowise:3.1.2', command: ['flowise', 'start'] },
    embedded: { image: 'flowise', command: ['flowise', 'start'] },
  },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'flowise' }],
  tmpfs: [{ path: '/tmp', sizeMb: 256 }],
  env: {
    HOME: '/data',
    SHELL: '/bin/sh',
    PORT: '3000',
    DATABASE_PATH: '/data/.flowise',
    LOG_PATH: '/data/.flowise/logs',
    BLOB_STORAGE_PATH: '/data/.flowise/storage',
    APP_URL: '{{url.flowise}}',
    NUMBER_OF_PROXIES: '1',
    SECURE_COOKIES: 'true',
    DISABLE_FLOWISE_TELEMETRY: 'true',
    SECRETKEY_PATH: '/run/secrets',
    JWT_ISSUER: 'flowise',
    JWT_AUDIENCE: 'flowise',
  },
  secrets: [
    { key: 'FLOWISE_SECRETKEY', format: 'hex', identity: true, file: 'encryption.key' },
    { key: 'FLOWISE_JWT_AUTH_TOKEN_SECRET', format: 'token', file: 'jwt_auth_token_secret.key' },
    { key: 'FLOWISE_JWT_REFRESH_TOKEN_SECRET', format: 'token', file: 'jwt_refresh_token_secret.key' },
    { key: 'FLOWISE_SESSION_SECRET', format: 'token', file: 'express_session_secret.key' },
    { key: 'FLOWISE_TOKEN_HASH_SECRET', format: 'token', file: 'token_hash_secret.key' },
  ],
  modelClient: { key: 'FLOWISE_MODEL_KEY' },
  backup: {
    how: 'stopped',
    because: 'its SQLite file, the log beside it and its stored files have to be of the same moment',
  },
  credentials: [
    { what: 'address', value: '{{url.flowise}}' },
    { what: 'user', value: 'made by the first visitor of the page' },
    { what: 'key of its data', value: '{{secret.FLOWISE_SECRETKEY}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:3000/api/v1/ping'],
    startPeriodMs: 180_000,
  },
  limits: { memoryMb: 1536, cpus: 2, pids: 256 },
  takes: { memoryMb: 773, imageMb: 1430, dataMb: 1 },
  ports: [{ key: 'FLOWISE_PORT', container: 3000 }],
  route: { port: 3000, subdomain: 'flowise' },
  warning: 'Flowise was archived by its makers on 2026-08-10 and gets no security fixes any more.',
  licence: 'Apache-2.0',
});
