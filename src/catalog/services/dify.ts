import { defineService } from '../define.ts';
import { PINNED } from '../pinned.ts';

const API = { service: 'dify-api', port: 5001 };

/**
 * The pages of Dify, and the name of all of its parts. Paths as upstream's proxy has them (langgenius/dify,
 * docker/nginx/conf.d/default.conf.template). Its server asks the API by its inner name: through the public one it
 * would meet a certificate of the tenant's own authority.
 */
export const dify = defineService({
  name: 'dify',
  title: 'Dify',
  summary: 'agents and workflows of models',
  presets: ['full'],
  sources: { official: { image: PINNED.difyWeb } },
  user: 'tenant',
  tmpfs: [{ path: '/tmp', sizeMb: 128 }],
  apparmor: { readsAccountsBecause: 'pm2 asks for the name of its user' },
  env: {
    HOME: '/tmp',
    PM2_HOME: '/tmp/.pm2',
    EDITION: 'SELF_HOSTED',
    DEPLOY_ENV: 'PRODUCTION',
    CONSOLE_API_URL: '{{url.dify}}',
    APP_API_URL: '{{url.dify}}',
    SERVER_CONSOLE_API_URL: 'http://dify-api:5001',
    NEXT_PUBLIC_ENABLE_AGENT_V2: 'false',
    NEXT_TELEMETRY_DISABLED: '1',
  },
  dependsOn: ['dify-api'],
  modelClient: { key: 'DIFY_MODEL_KEY' },
  credentials: [{ what: 'address', value: '{{url.dify}}' }],
  health: {
    test: [
      'CMD',
      'node',
      '-e',
      'fetch("http://127.0.0.1:3000/",{redirect:"manual"}).then((answer)=>{if(answer.status>=400)throw answer.status})',
    ],
    startPeriodMs: 120_000,
  },
  limits: { memoryMb: 768, cpus: 1, pids: 128 },
  ports: [{ key: 'DIFY_PORT', container: 3000 }],
  route: {
    port: 3000,
    subdomain: 'dify',
    paths: [
      ...['/console/api*', '/api*', '/v1*', '/files*', '/mcp*', '/triggers*'].map((path) => ({
        path,
        ...API,
      })),
      {
        path: '/e/*',
        service: 'dify-plugin-daemon',
        port: 5002,
        headers: { 'Dify-Hook-Url': '{scheme}://{hostport}{uri}' },
      },
    ],
  },
  warning:
    'Dify: its code and template nodes do not run here (their sandbox has to be root), nor its agents of the second kind.',
  licence: 'Apache-2.0 with conditions: not to be offered to others as a service of many tenants',
});
