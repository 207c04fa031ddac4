import { defineService } from '../define.ts';

/** The password stays in Grafana's data from the first start on, whatever the file says later. */
const ALIGN =
  'grafana cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin ' +
  '<"$GF_SECURITY_ADMIN_PASSWORD__FILE"';

/** Its own files lie elsewhere in its image: the mount hides none but the samples of provisioning. */
export const grafana = defineService({
  name: 'grafana',
  title: 'Grafana',
  summary: 'dashboards of the stack, its services and its models',
  presets: ['standard', 'full'],
  sources: { official: { image: 'docker.io/grafana/grafana:13.1.1' } },
  user: 'tenant',
  mounts: [{ path: '/var/lib/grafana', dir: 'grafana' }],
  files: [{ path: '/etc/grafana/provisioning', render: 'grafana' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: {
    HOME: '/var/lib/grafana',
    GF_SECURITY_ADMIN_USER: 'admin',
    GF_SECURITY_ADMIN_PASSWORD__FILE: '{{secretFile.GF_SECURITY_ADMIN_PASSWORD}}',
    GF_SECURITY_SECRET_KEY__FILE: '{{secretFile.GF_SECURITY_SECRET_KEY}}',
    GF_SECURITY_COOKIE_SECURE: 'true',
    GF_SECURITY_DISABLE_GRAVATAR: 'true',
    GF_SERVER_DOMAIN: '{{hostname.grafana}}',
    GF_SERVER_ROOT_URL: '{{url.grafana}}/',
    GF_AUTH_ANONYMOUS_ENABLED: 'false',
    GF_USERS_ALLOW_SIGN_UP: 'false',
    GF_USERS_ALLOW_ORG_CREATE: 'false',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
    // Otherwise it fetches plugins at every start, and waits where no internet answers.
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: '/etc/grafana/provisioning/boards/overview.json',
  },
  secrets: [
    { key: 'GF_SECURITY_ADMIN_PASSWORD', format: 'password' },
    { key: 'GF_SECURITY_SECRET_KEY', format: 'hex', identity: true },
  ],
  alignData: ['sh', '-c', ALIGN],
  dependsOn: ['prometheus'],
  backup: { how: 'stopped', because: 'its SQLite file and the log beside it have to be of the same moment' },
  credentials: [
    { what: 'address', value: '{{url.grafana}}' },
    { what: 'user', value: 'admin' },
    { what: 'password', value: '{{secret.GF_SECURITY_ADMIN_PASSWORD}}' },
    { what: 'key of its data', value: '{{secret.GF_SECURITY_SECRET_KEY}}' },
  ],
  health: { test: ['CMD', 'wget', '-qO-', 'http://127.0.0.1:3000/api/health'], startPeriodMs: 180_000 },
  limits: { memoryMb: 512, cpus: 1, pids: 256 },
  // Nobody measured it here: what is told of small installations.
  takes: { memoryMb: 200, imageMb: 800, dataMb: 50 },
  ports: [{ key: 'GRAFANA_PORT', container: 3000 }],
  route: { port: 3000, subdomain: 'grafana' },
  metrics: { port: 3000, path: '/metrics' },
  licence: 'AGPL-3.0: whoever changes it and lets others use it over a network has to offer them the source',
});
