import type { Facts } from '../facts.ts';

export const dify: Facts = {
  service: 'dify',
  sources: [
    'langgenius/dify: web/Dockerfile, web/docker/entrypoint.sh, docker/docker-compose-template.yaml (web)',
    'langgenius/dify: docker/nginx/conf.d/default.conf.template',
  ],
  entrypoint: ['/bin/sh', './entrypoint.sh'],
  programs: ['/entrypoint.sh'],
  tools: { sh: 'real', node: 'real', wget: 'asks' },
  listens: [{ port: 3000, answers: { '/': { status: 307 }, '/signin': { status: 200 } } }],
  env: {
    CONSOLE_API_URL: { format: '(https://[^/]+)?' },
    APP_API_URL: { format: '(https://[^/]+)?' },
    // pm2 keeps its socket and its logs there.
    PM2_HOME: { format: '/tmp/.+' },
    SERVER_CONSOLE_API_URL: { format: 'http://[^/]+' },
  },
  writes: [{ path: '/tmp' }],
  closed: ['/etc'],
  reaches: [{ http: '$SERVER_CONSOLE_API_URL/health' }],
};
