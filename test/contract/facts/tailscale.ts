import type { Facts } from '../facts.ts';

export const tailscale: Facts = {
  service: 'tailscale',
  sources: [
    'tailscale/tailscale: Dockerfile, cmd/containerboot/main.go, settings.go and serve.go, ipn/serve.go (ServeConfig)',
    'documentation of Tailscale: "Key and secret management" (forms of keys)',
  ],
  entrypoint: ['/usr/local/bin/containerboot'],
  programs: ['/usr/local/bin/containerboot', '/usr/local/bin/tailscaled', '/usr/local/bin/tailscale'],
  tools: { sh: 'real', wget: 'asks' },
  listens: [{ port: 9002, answers: { '/healthz': { status: 200 }, '/metrics': { status: 200 } } }],
  commandLine: ['^/usr/local/bin/containerboot$'],
  env: {
    TS_AUTHKEY: { format: 'file:/.+' },
    TS_AUTH_ONCE: { format: 'true' },
    TS_HOSTNAME: { format: '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' },
    TS_STATE_DIR: { format: '/var/lib/tailscale' },
    TS_SOCKET: { format: '/tmp/.+' },
    // The other way needs root and a device.
    TS_USERSPACE: { format: 'true' },
    TS_ACCEPT_DNS: { format: 'true|false', optional: true },
    TS_SERVE_CONFIG: { format: '/.+' },
    // Without them nothing answers on TS_LOCAL_ADDR_PORT.
    TS_ENABLE_HEALTH_CHECK: { format: 'true' },
    TS_ENABLE_METRICS: { format: 'true' },
    TS_LOCAL_ADDR_PORT: { format: '0\\.0\\.0\\.0:9002' },
  },
  files: {
    '/run/secrets/TAILSCALE_AUTH_KEY': ['^tskey-auth-[A-Za-z0-9]+-[A-Za-z0-9]+$'],
    $TS_SERVE_CONFIG: [
      '"TCP"',
      '"443"',
      '"HTTPS"',
      '\\$\\{TS_CERT_DOMAIN\\}:443',
      '"Proxy": *"http://127\\.0\\.0\\.1:',
    ],
  },
  writes: [{ path: '/var/lib/tailscale', persists: true }, { path: '/tmp' }],
  closed: ['/usr/local/bin', '/etc'],
};
