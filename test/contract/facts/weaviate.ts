import type { Facts } from '../facts.ts';

export const weaviate: Facts = {
  service: 'weaviate',
  sources: [
    'weaviate/weaviate adcffc5 (1.39): Dockerfile, usecases/config/environment.go',
    'documentation: authentication, authorization (admin list), environment variables',
  ],
  entrypoint: ['/bin/weaviate'],
  command: ['--host', '0.0.0.0', '--port', '8080', '--scheme', 'http'],
  programs: ['/bin/weaviate'],
  tools: { sh: 'real', wget: 'asks' },
  listens: [
    {
      port: 8080,
      answers: {
        '/v1/.well-known/ready': { status: 200 },
        '/v1/.well-known/live': { status: 200 },
        '/v1/meta': {
          status: 200,
          header: ['authorization', 'Bearer $AUTHENTICATION_APIKEY_ALLOWED_KEYS'],
        },
      },
    },
    { port: 50051 },
    { port: 2112, answers: { '/metrics': { status: 200 } } },
  ],
  commandLine: ['--host 0\\.0\\.0\\.0\\b', '--port 8080\\b', '--scheme http\\b'],
  env: {
    PERSISTENCE_DATA_PATH: { format: '/var/lib/weaviate' },
    // Another name after each start would leave its own state behind.
    CLUSTER_HOSTNAME: { format: '[a-z][a-z0-9-]*' },
    AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: { format: 'false' },
    AUTHENTICATION_APIKEY_ENABLED: { format: 'true' },
    AUTHENTICATION_APIKEY_ALLOWED_KEYS: { format: '[^,]{8,}' },
    AUTHENTICATION_APIKEY_USERS: { format: '[^,]+' },
    AUTHORIZATION_ADMINLIST_ENABLED: { format: 'true' },
    AUTHORIZATION_ADMINLIST_USERS: { format: '[^,]+' },
    PROMETHEUS_MONITORING_ENABLED: { format: 'true|false', optional: true },
  },
  writes: [{ path: '/var/lib/weaviate', persists: true }],
  closed: ['/bin', '/etc'],
};
