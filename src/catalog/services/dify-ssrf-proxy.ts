import { defineService } from '../define.ts';
import { PINNED } from '../pinned.ts';

/**
 * What workflows ask of the world goes through it, so that they reach nothing of the tenant's own network. The
 * image's entrypoint changes owners as root; squid itself runs as any user with a config that writes nothing.
 */
export const difySsrfProxy = defineService({
  name: 'dify-ssrf-proxy',
  partOf: 'dify',
  title: 'Dify proxy',
  summary: 'the way of workflows into the world',
  presets: [],
  sources: {
    official: {
      image: PINNED.squid,
      entrypoint: ['/usr/sbin/squid'],
      command: ['-N', '-d', '1', '-f', '/etc/aiplat/squid.conf'],
    },
  },
  user: 'tenant',
  files: [{ path: '/etc/aiplat', render: 'squid' }],
  tmpfs: [{ path: '/tmp', sizeMb: 16 }],
  apparmor: { readsAccountsBecause: 'squid looks up the user that it would become' },
  env: { HOME: '/tmp' },
  credentials: [{ what: 'address in the network', value: 'http://dify-ssrf-proxy:3128' }],
  health: {
    test: ['CMD', 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/3128'],
    startPeriodMs: 30_000,
  },
  limits: { memoryMb: 256, cpus: 1, pids: 64 },
  licence: 'GPL-2.0-or-later',
});
