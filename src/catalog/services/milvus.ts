import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';

/** The header comes from the input of curl: on its command line everybody would read it. */
const ask = (header: string): string =>
  `${header} | curl -fsS -m 10 -K - -H 'Content-Type: application/json' -d '{}' http://127.0.0.1:19530/v2/vectordb/databases/list | grep -q '"code":0'`;
const TOKEN = `printf 'header = "Authorization: Bearer root:%s"' "$(cat "$MILVUS_ROOT_PASSWORD_FILE")"`;

/**
 * One process with its own etcd, which listens to itself alone, because it asks nobody for a password. The password
 * of root is that of the environment when the data is made; align.sh changes it later.
 */
export const milvus = defineService({
  name: 'milvus',
  title: 'Milvus',
  summary: 'vector database for very many vectors',
  presets: [],
  sources: {
    official: {
      image: 'docker.io/milvusdb/milvus:v2.6.22',
      entrypoint: withSecretEnv('/tini -- milvus run standalone'),
    },
  },
  user: 'tenant',
  mounts: [{ path: '/var/lib/milvus', dir: 'milvus' }],
  files: [{ path: '/etc/milvus', render: 'milvus' }],
  tmpfs: [{ path: '/tmp', sizeMb: 256 }],
  env: {
    HOME: '/tmp',
    DEPLOY_MODE: 'STANDALONE',
    ETCD_USE_EMBED: 'true',
    ETCD_DATA_DIR: '/var/lib/milvus/etcd',
    ETCD_CONFIG_PATH: '/etc/milvus/etcd.yaml',
    COMMON_STORAGETYPE: 'local',
    COMMON_SECURITY_AUTHORIZATIONENABLED: 'true',
    COMMON_SECURITY_DEFAULTROOTPASSWORD: '{{secret.MILVUS_ROOT_PASSWORD}}',
    MILVUS_ROOT_PASSWORD_FILE: '{{secretFile.MILVUS_ROOT_PASSWORD}}',
  },
  secrets: [{ key: 'MILVUS_ROOT_PASSWORD', format: 'token' }],
  alignData: ['sh', '/etc/milvus/align.sh'],
  backup: {
    how: 'stopped',
    because: 'its etcd, its log and its segments have to be of the same moment',
  },
  credentials: [
    { what: 'address in the network', value: 'http://milvus:19530' },
    { what: 'database', value: '{{tenant.slug}}' },
    { what: 'user', value: 'root' },
    { what: 'password', value: '{{secret.MILVUS_ROOT_PASSWORD}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:9091/healthz'],
    startPeriodMs: 180_000,
  },
  limits: { memoryMb: 8192, cpus: 2, pids: 1024 },
  metrics: { port: 9091, path: '/metrics' },
  vectorDb: 'milvus',
  lock: {
    withKey: ['sh', '-c', ask(TOKEN)],
    withoutKey: ['sh', '-c', ask('true')],
  },
  stopGraceMs: 60_000,
  warning:
    'Milvus wants 8 GB of memory for itself; its makers know it without the seccomp profile of Docker, which aiplat leaves on.',
  licence: 'Apache-2.0',
});
