import { defineService } from '../define.ts';
import { PINNED } from '../pinned.ts';

/**
 * The image's own entrypoint changes accounts and owners as root before it gives root up. The program itself
 * needs none of that: started directly it runs as any user (bbernhard/signal-cli-rest-api, entrypoint.sh).
 * Whoever reaches its port uses the Signal account, because the API has no authentication: no page behind Caddy.
 */
export const signal = defineService({
  name: 'signal',
  title: 'Signal REST API',
  summary: 'sends and receives Signal messages',
  presets: ['full'],
  sources: {
    official: {
      image: PINNED.signal,
      entrypoint: ['signal-cli-rest-api'],
      command: [
        '-signal-cli-config=/home/.local/share/signal-cli',
        '-attachment-tmp-dir=/tmp/',
        '-avatar-tmp-dir=/tmp/',
      ],
    },
  },
  user: 'tenant',
  mounts: [{ path: '/home/.local/share/signal-cli', dir: 'signal' }],
  tmpfs: [{ path: '/tmp', sizeMb: 256 }],
  apparmor: {
    runsDataBecause: 'signal-cli unpacks its libraries into /tmp and loads them from there',
    readsAccountsBecause: 'Java asks for the name of its user',
  },
  env: {
    HOME: '/tmp',
    // json-rpc would need a supervisor that starts as root; native needs no Java machine a call.
    MODE: 'native',
    PORT: '8080',
    SIGNAL_CLI_CONFIG_DIR: '/home/.local/share/signal-cli',
  },
  backup: {
    how: 'stopped',
    because: 'the keys of a session must not be older than the messages that used them',
  },
  credentials: [
    { what: 'address in the network', value: 'http://signal:8080' },
    { what: 'user', value: 'none: whoever reaches the port uses the account' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:8080/v1/health'],
    startPeriodMs: 60_000,
  },
  limits: { memoryMb: 1024, cpus: 2, pids: 256 },
  ports: [{ key: 'SIGNAL_PORT', container: 8080 }],
  warning:
    'Signal: every service and user of this tenant that reaches its port can use the Signal account. Link it by hand: /v1/qrcodelink of its port.',
  licence: 'MIT',
});
