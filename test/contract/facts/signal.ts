import type { Facts } from '../facts.ts';

export const signal: Facts = {
  service: 'signal',
  sources: [
    'bbernhard/signal-cli-rest-api a08db23 (2026-08-16): Dockerfile, entrypoint.sh, src/main.go, README.md',
  ],
  entrypoint: ['/entrypoint.sh'],
  programs: ['/entrypoint.sh', '/usr/bin/signal-cli-rest-api'],
  tools: { sh: 'real', bash: 'real', curl: 'asks' },
  listens: [{ port: 8080, answers: { '/v1/health': { status: 204 }, '/v1/about': { status: 200 } } }],
  commandLine: ['^/usr/bin/signal-cli-rest-api\\b', '-signal-cli-config=/home/\\.local/share/signal-cli\\b'],
  env: {
    // json-rpc and json-rpc-native start a supervisor, which has to be root.
    MODE: { format: 'normal|native' },
    PORT: { format: '8080', optional: true },
  },
  writes: [{ path: '/home/.local/share/signal-cli', persists: true }, { path: '/tmp' }],
  closed: ['/usr/bin', '/etc', '/home'],
};
