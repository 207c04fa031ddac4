import { defineService } from '../define.ts';

/**
 * The HTTPS ports of the container are the published ones, so that addresses in redirects are true. The
 * official binary carries the file capability cap_net_bind_service: the kernel refuses to start it unless
 * the capability is in the bounding set (caddyserver/caddy-docker#396).
 * A reload opens a second socket for the same port and closes the first: without tcp_migrate_req the kernel
 * resets connections that still wait in the first one's queue (Linux, ip-sysctl, tcp_migrate_req).
 */
export const caddy = defineService({
  name: 'caddy',
  title: 'Caddy',
  summary: 'HTTPS in front of all web services',
  presets: ['minimal', 'standard', 'full'],
  sources: {
    official: { image: 'docker.io/library/caddy:2.11.4-alpine', capabilities: ['NET_BIND_SERVICE'] },
    embedded: { image: 'caddy' },
  },
  user: 'tenant',
  mounts: [
    { path: '/data', dir: 'caddy' },
    { path: '/config', dir: 'caddy-config' },
  ],
  files: [{ path: '/etc/caddy', render: 'caddy' }],
  tmpfs: [{ path: '/tmp', sizeMb: 16 }],
  env: { HOME: '/config', XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: '/config' },
  sysctls: [{ name: 'net.ipv4.tcp_migrate_req', value: '1', sinceKernel: '5.14' }],
  backup: {
    how: 'running',
    because:
      'it puts every certificate and key in place whole, under its name, and makes anew what is missing',
  },
  credentials: [{ what: 'address', value: '{{tenant.index}}' }],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:2020/healthz'],
    startPeriodMs: 10_000,
  },
  limits: { memoryMb: 256, cpus: 1, pids: 128 },
  takes: { memoryMb: 17, imageMb: 290, dataMb: 1 },
  ports: [{ key: 'CADDY_HTTPS_PORT' }, { key: 'CADDY_HTTP_PORT' }],
  metrics: { port: 2020, path: '/metrics' },
  reload: {
    file: 'Caddyfile',
    check: ['caddy', 'validate', '--adapter', 'caddyfile', '--config', '{{file}}'],
    apply: ['caddy', 'reload', '--adapter', 'caddyfile', '--config', '{{file}}'],
  },
  licence: 'Apache-2.0',
});
