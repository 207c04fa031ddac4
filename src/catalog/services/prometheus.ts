import { defineService } from '../define.ts';

/** Its data never fills the tenant's volume. A command of our own replaces all of the image's, so it is whole. */
const COMMAND = [
  '--config.file=/etc/prometheus/prometheus.yml',
  '--storage.tsdb.path=/prometheus',
  '--storage.tsdb.retention.time=30d',
  '--storage.tsdb.retention.size=1GB',
  '--web.console.templates=/etc/prometheus/consoles',
  '--web.external-url={{url.prometheus}}',
];

export const prometheus = defineService({
  name: 'prometheus',
  title: 'Prometheus',
  summary: 'metrics of every service of the tenant',
  presets: ['standard', 'full'],
  sources: {
    official: {
      image: 'docker.io/prom/prometheus:v3.5.5',
      command: COMMAND,
      healthTest: ['CMD', 'wget', '-qO-', 'http://127.0.0.1:9090/-/ready'],
    },
    embedded: { image: 'prometheus', command: COMMAND },
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
  credentials: [
    { what: 'address', value: '{{url.prometheus}}' },
    { what: 'address of the overview', value: '{{url.prometheus}}/consoles/index.html' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:9090/-/ready'],
    startPeriodMs: 60_000,
  },
  limits: { memoryMb: 512, cpus: 1, pids: 128 },
  takes: { memoryMb: 26, imageMb: 427, dataMb: 1 },
  ports: [{ key: 'PROMETHEUS_PORT', container: 9090 }],
  route: { port: 9090, subdomain: 'prometheus' },
  metrics: { port: 9090, path: '/metrics' },
  licence: 'Apache-2.0',
});
