import { defineService } from '../define.ts';

/**
 * Listens beyond loopback, so that Caddy reaches it; comes up without a person, closed by its token. It takes
 * the token and the key for models from the environment or from a config file that it rewrites itself: the shell
 * that becomes it reads their files, so that neither stands in a setting of the container. Its own command for settings
 * (`openclaw config patch`) takes as long as its start and starts the gateway once more: seed.mjs takes no time.
 */
const GATEWAY = [
  'sh',
  '-c',
  'OPENCLAW_GATEWAY_TOKEN=$(cat "$OPENCLAW_GATEWAY_TOKEN_FILE") && export OPENCLAW_GATEWAY_TOKEN && ' +
    'OPENCLAW_MODEL_KEY=$(cat "$OPENCLAW_MODEL_KEY_FILE") && export OPENCLAW_MODEL_KEY && ' +
    'node /etc/openclaw/seed.mjs && exec node dist/index.js gateway --bind lan --port 18789 --allow-unconfigured --auth token',
];

/** An agent that runs commands: it has an own UID that no tenant and no account of the host has. */
export const openclaw = defineService({
  name: 'openclaw',
  title: 'OpenClaw',
  summary: 'personal agent',
  presets: ['full'],
  sources: {
    official: { image: 'ghcr.io/openclaw/openclaw:2026.9.6-slim', command: GATEWAY },
    embedded: {
      image: 'openclaw',
      command: GATEWAY,
      healthTest: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:18789/healthz'],
    },
  },
  user: 'openclaw',
  networkOf: 'tailscale',
  mounts: [
    { path: '/home/node/.openclaw', dir: 'openclaw' },
    { path: '/home/node/.config/openclaw', dir: 'openclaw-config' },
  ],
  files: [{ path: '/etc/openclaw', render: 'openclaw' }],
  tmpfs: [{ path: '/tmp', sizeMb: 100 }],
  apparmor: { readsAccountsBecause: 'the agent runs git and ssh, which ask for the name of their user' },
  env: {
    HOME: '/home/node',
    OPENCLAW_HOME: '/home/node',
    OPENCLAW_STATE_DIR: '/home/node/.openclaw',
    OPENCLAW_CONFIG_PATH: '/home/node/.openclaw/openclaw.json',
    XDG_CACHE_HOME: '/home/node/.openclaw/cache',
    OPENCLAW_DISABLE_BONJOUR: '1',
    NODE_OPTIONS: '--max-old-space-size=1536',
    OPENCLAW_GATEWAY_TOKEN_FILE: '{{secretFile.OPENCLAW_GATEWAY_TOKEN}}',
    // Its config names this key for good, and without it no command of it would run: it is there without models, too.
    OPENCLAW_MODEL_KEY_FILE: '{{secretFile.OPENCLAW_MODEL_KEY}}',
  },
  secrets: [{ key: 'OPENCLAW_GATEWAY_TOKEN', format: 'token' }],
  modelClient: { key: 'OPENCLAW_MODEL_KEY' },
  backup: {
    how: 'stopped',
    because: 'its SQLite files and the sessions beside them have to be of the same moment',
  },
  credentials: [
    { what: 'address', value: '{{url.openclaw}}' },
    { what: 'token', value: '{{secret.OPENCLAW_GATEWAY_TOKEN}}' },
    {
      what: 'link that lets a browser in, once',
      value: 'aiplat ops credentials --service openclaw makes one',
      made: ['node', '/etc/openclaw/sign-in.mjs', '{{url.openclaw}}'],
    },
  ],
  health: {
    test: [
      'CMD',
      'node',
      '-e',
      // Without its node's network, which ends with each start of the node, it answers on loopback still.
      'if (!Object.values(os.networkInterfaces()).flat().some(({ internal }) => !internal)) throw "cut off from its network"; ' +
        'fetch("http://127.0.0.1:18789/healthz").then((answer) => { if (!answer.ok) throw answer.status; })',
    ],
    startPeriodMs: 120_000,
  },
  limits: { memoryMb: 2048, cpus: 2, pids: 512 },
  takes: { memoryMb: 672, imageMb: 816, dataMb: 57 },
  ports: [{ key: 'OPENCLAW_PORT', container: 18789 }],
  route: { port: 18789, subdomain: 'openclaw' },
  licence: 'MIT',
});
