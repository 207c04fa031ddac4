import type { Facts } from '../facts.ts';

const WELL = { status: 200, body: '{"code":0,"data":{}}' };

export const milvus: Facts = {
  service: 'milvus',
  sources: [
    'milvus-io/milvus: build/docker/milvus/ubuntu22.04/Dockerfile, scripts/standalone_embed.sh, configs/milvus.yaml',
    'documentation 2.6: authentication, RESTful API v2 (databases, users)',
  ],
  entrypoint: ['/tini', '--'],
  command: ['milvus', 'run', 'standalone'],
  programs: ['/tini', '/milvus/bin/milvus'],
  tools: { sh: 'real', bash: 'real', curl: 'asks' },
  listens: [
    {
      port: 19530,
      answers: {
        '/v2/vectordb/databases/list': WELL,
        '/v2/vectordb/databases/create': WELL,
        '/v2/vectordb/users/update_password': WELL,
      },
    },
    { port: 9091, answers: { '/healthz': { status: 200 }, '/metrics': { status: 200 } } },
  ],
  commandLine: ['\\bmilvus run standalone\\b'],
  env: {
    ETCD_USE_EMBED: { format: 'true' },
    ETCD_DATA_DIR: { format: '/var/lib/milvus/.+' },
    ETCD_CONFIG_PATH: { format: '/.+\\.yaml' },
    COMMON_STORAGETYPE: { format: 'local' },
    DEPLOY_MODE: { format: 'STANDALONE' },
    COMMON_SECURITY_AUTHORIZATIONENABLED: { format: 'true' },
    COMMON_SECURITY_DEFAULTROOTPASSWORD: { format: '(?!Milvus$).{6,72}' },
  },
  // etcd asks nobody for a password, and holds those of Milvus.
  files: {
    $ETCD_CONFIG_PATH: ['^listen-client-urls: http://127\\.0\\.0\\.1:2379$', '^quota-backend-bytes: \\d+$'],
  },
  writes: [{ path: '/var/lib/milvus', persists: true }, { path: '/tmp' }],
  closed: ['/milvus', '/milvus/configs'],
};
