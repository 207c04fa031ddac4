import type { Facts } from '../facts.ts';

/** run.sh reads the file that NAME__FILE names into NAME: with two underscores, so one belongs to the names here. */
export const grafana: Facts = {
  service: 'grafana',
  sources: [
    'grafana/grafana 13.1: Dockerfile, packaging/docker/run.sh (paths, __FILE), conf/defaults.ini',
    'Grafana docs: "Configure a Grafana Docker image", "Provision Grafana", "Grafana server CLI" (--password-from-stdin)',
  ],
  entrypoint: ['/run.sh'],
  programs: ['/run.sh', '/usr/share/grafana/bin/grafana'],
  tools: {
    sh: 'real',
    wget: 'asks',
    grafana: {
      words: 'cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin',
      asks: 'http://127.0.0.1:3000/api/health',
    },
  },
  listens: [
    {
      port: 3000,
      answers: { '/api/health': { status: 200 }, '/login': { status: 200 }, '/metrics': { status: 200 } },
    },
  ],
  env: {
    GF_SECURITY_ADMIN_USER: { format: '.+', optional: true },
    // The default is admin, and secrets of data sources are encrypted with a key that everybody knows.
    GF_SECURITY_ADMIN_PASSWORD_: { format: '(?!admin$).{8,}', orFile: true },
    GF_SECURITY_SECRET_KEY_: { format: '(?!SW2YcwTIb9zpOOhoPsMm$).{20,}', orFile: true },
    GF_SERVER_ROOT_URL: { format: 'https://[^/]+/' },
    GF_AUTH_ANONYMOUS_ENABLED: { format: 'false', optional: true },
    GF_USERS_ALLOW_SIGN_UP: { format: 'false' },
    GF_ANALYTICS_REPORTING_ENABLED: { format: 'false' },
  },
  files: {
    '/etc/grafana/provisioning/datasources/prometheus.yml': [
      '^apiVersion: 1$',
      '^\\s+type: prometheus$',
      '^\\s+uid: [a-zA-Z0-9_-]{1,40}$',
      '^\\s+access: proxy$',
    ],
    '/etc/grafana/provisioning/dashboards/aiplat.yml': [
      '^apiVersion: 1$',
      '^\\s+type: file$',
      '^\\s+path: /etc/grafana/provisioning/boards$',
    ],
    '/etc/grafana/provisioning/boards/overview.json': [
      '"schemaVersion": \\d+',
      '"uid": "[a-zA-Z0-9_-]{1,40}"',
    ],
  },
  reaches: [{ http: 'http://prometheus:9090/api/v1/query?query=up' }],
  writes: [{ path: '/var/lib/grafana', persists: true }, { path: '/tmp' }],
  closed: ['/usr/share/grafana', '/etc/grafana/provisioning'],
};
