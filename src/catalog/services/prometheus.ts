import { defineService } from '../define.ts';

export const prometheus = defineService({
  name: 'prometheus',
  title: 'Prometheus',
  summary: 'metrics of every service of the tenant',
  presets: ['standard', 'full'],
  sources: {
    official: {
      image: 'docker.io/prom/prometheus:v3.5.5',
      command: [],
      healthTest: ['CMD', 'wget', '-qO-', 'http://127.0.0.1:9090/-/ready'],
    },
    embedded: { image: 'prometheus' },
  },
  user: 'tenant',
  mounts: [{ path: '/prometheus', dir: 'prometheus' }],
  files: [{ path: '/etc/prometheus', render: 'prometheus' }],
  tmpfs: [{ path: '/tmp', sizeMb: 16 }],
  env: { HOME: '/prometheus' },
  backup: {
    how: 'left out',
    because: "metrics are measured anew, and yesterday's help nobody after a loss",
  },
  credentials: [{ what: 'address', value: '{{url.prometheus}}' }],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:9090/-/ready'],
    startPeriodMs: 60_000,
  },
  limits: { memoryMb: 512, cpus: 1, pids: 128 },
  ports: [{ key: 'PROMETHEUS_PORT', container: 9090 }],
  route: { port: 9090, subdomain: 'prometheus' },
  metrics: { port: 9090, path: '/metrics' },
  licence: 'Apache-2.0',
});
