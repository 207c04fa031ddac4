import { defineService } from '../define.ts';

/** It takes its password from its config file alone, which is a file as closed as that of a secret. */
export const valkey = defineService({
  name: 'valkey',
  title: 'Valkey',
  summary: 'cache and queue for services that need one',
  presets: [],
  sources: {
    official: {
      image: 'docker.io/valkey/valkey:9.1-alpine',
      command: ['valkey-server', '/etc/valkey/valkey.conf'],
    },
    embedded: { image: 'valkey', command: ['valkey-server', '/etc/valkey/valkey.conf'] },
  },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'valkey' }],
  files: [{ path: '/etc/valkey', render: 'valkey' }],
  tmpfs: [{ path: '/tmp', sizeMb: 16 }],
  env: { HOME: '/data' },
  secrets: [{ key: 'VALKEY_PASSWORD', format: 'token' }],
  backup: {
    how: 'stopped',
    because: 'a stop writes the log of changes to its end and keeps it from being rewritten meanwhile',
  },
  credentials: [
    { what: 'address in the network', value: 'valkey:6379' },
    { what: 'user', value: 'default' },
    { what: 'password', value: '{{secret.VALKEY_PASSWORD}}' },
  ],
  health: {
    test: [
      'CMD-SHELL',
      'REDISCLI_AUTH="$(cat {{secretFile.VALKEY_PASSWORD}})" valkey-cli -h 127.0.0.1 ping | grep -q PONG',
    ],
    startPeriodMs: 10_000,
  },
  limits: { memoryMb: 256, cpus: 1, pids: 64 },
  takes: { memoryMb: 5, imageMb: 255, dataMb: 1 },
  licence: 'BSD-3-Clause',
});
