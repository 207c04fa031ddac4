import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';

/** There is neither curl nor wget in the image. The rest of a request after its first line, and how the answer is judged. */
const ask = (path: string, header = ''): string =>
  `exec 3<>/dev/tcp/127.0.0.1/6333 && printf 'GET ${path} HTTP/1.0\\r\\n${header}\\r\\n'${
    header === '' ? '' : ' "$QDRANT__SERVICE__API_KEY"'
  } >&3 && head -1 <&3 | grep -q ' 200'`;

/** Everything that it writes lies below one mount (qdrant/qdrant, tools/entrypoint.sh and config/config.yaml). */
export const qdrant = defineService({
  name: 'qdrant',
  title: 'Qdrant',
  summary: 'vector database',
  presets: [],
  sources: {
    official: {
      image: 'docker.io/qdrant/qdrant:v1.19.0',
      entrypoint: withSecretEnv('/qdrant/entrypoint.sh'),
    },
  },
  user: 'tenant',
  mounts: [{ path: '/qdrant/storage', dir: 'qdrant' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: {
    HOME: '/tmp',
    QDRANT_INIT_FILE_PATH: '/qdrant/storage/.qdrant-initialized',
    QDRANT__STORAGE__SNAPSHOTS_PATH: '/qdrant/storage/snapshots',
    QDRANT__STORAGE__TEMP_PATH: '/qdrant/storage/temp',
    QDRANT__SERVICE__API_KEY: '{{secret.QDRANT_API_KEY}}',
    QDRANT__SERVICE__READ_ONLY_API_KEY: '{{secret.QDRANT_READ_ONLY_API_KEY}}',
    QDRANT__TELEMETRY_DISABLED: 'true',
  },
  secrets: [
    { key: 'QDRANT_API_KEY', format: 'token' },
    { key: 'QDRANT_READ_ONLY_API_KEY', format: 'token' },
  ],
  backup: {
    how: 'stopped',
    because: 'its segments and the log beside them have to be of the same moment',
  },
  credentials: [
    { what: 'address in the network', value: 'http://qdrant:6333' },
    { what: 'key', value: '{{secret.QDRANT_API_KEY}}' },
    { what: 'key for reading', value: '{{secret.QDRANT_READ_ONLY_API_KEY}}' },
    { what: 'prefix for collections', value: '{{tenant.name}}' },
  ],
  health: { test: ['CMD', 'bash', '-c', ask('/readyz')], startPeriodMs: 60_000 },
  limits: { memoryMb: 1024, cpus: 2, pids: 256 },
  metrics: { port: 6333, path: '/metrics', token: 'QDRANT_READ_ONLY_API_KEY' },
  vectorDb: 'qdrant',
  lock: {
    withKey: ['bash', '-c', `. /run/secrets/environment && ${ask('/collections', 'api-key: %s\\r\\n')}`],
    withoutKey: ['bash', '-c', ask('/collections')],
  },
  stopGraceMs: 30_000,
  licence: 'Apache-2.0',
});
