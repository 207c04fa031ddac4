import { defineService } from '../define.ts';

/**
 * The node of the tenant's OpenClaw in its owner's network of Tailscale. It has the UID of OpenClaw, no capability and
 * no device: the program carries the packets itself and hands what arrives to 127.0.0.1, where OpenClaw listens. A
 * process that is not root has no CAP_NET_ADMIN in a container of Docker, whatever is added, because the engine gives
 * no ambient capabilities; so the kernel's way, with /dev/net/tun, would be root's.
 *
 * Its state holds the node's identity. Together with TS_AUTH_ONCE it needs its key for the first login and for a new
 * one after the node's own key has ended; without state every start would be another node.
 */
export const tailscale = defineService({
  name: 'tailscale',
  title: 'Tailscale',
  summary: "way to OpenClaw from its owner's devices",
  presets: [],
  sources: { official: { image: 'docker.io/tailscale/tailscale:v1.102.3' } },
  user: 'openclaw',
  givenKey: {
    key: 'TAILSCALE_AUTH_KEY',
    remedy:
      'Make an auth key in the admin console of Tailscale and hand it over: aiplat ops refresh-tailscale',
  },
  mounts: [{ path: '/var/lib/tailscale', dir: 'tailscale' }],
  files: [{ path: '/etc/tailscale', render: 'tailscale' }],
  tmpfs: [{ path: '/tmp', sizeMb: 16 }],
  env: {
    HOME: '/var/lib/tailscale',
    TS_AUTHKEY: 'file:{{secretFile.TAILSCALE_AUTH_KEY}}',
    TS_AUTH_ONCE: 'true',
    TS_HOSTNAME: '{{tenant.tailscaleHostname}}',
    TS_STATE_DIR: '/var/lib/tailscale',
    TS_SOCKET: '/tmp/tailscaled.sock',
    TS_USERSPACE: 'true',
    TS_ACCEPT_DNS: 'false',
    TS_SERVE_CONFIG: '/etc/tailscale/serve.json',
    TS_ENABLE_HEALTH_CHECK: 'true',
    TS_ENABLE_METRICS: 'true',
    TS_LOCAL_ADDR_PORT: '0.0.0.0:9002',
  },
  backup: { how: 'running', because: 'it puts a whole new file in the place of its old one' },
  credentials: [{ what: 'name in Tailscale', value: '{{tenant.tailscaleHostname}}' }],
  health: {
    // Answers 503 until the node is let in.
    test: ['CMD', 'wget', '-q', '--spider', 'http://127.0.0.1:9002/healthz'],
    startPeriodMs: 60_000,
    remedy:
      'A key lets a node in once, unless it is reusable, and for 90 days at most. Make a new one in the admin console of Tailscale and hand it over: aiplat ops refresh-tailscale',
  },
  limits: { memoryMb: 128, cpus: 1, pids: 64 },
  metrics: { port: 9002, path: '/metrics' },
  licence: 'BSD-3-Clause',
});
