import { defineService } from '../define.ts';
import { withSecretEnv } from '../environment.ts';

const PROGRAM = '/bin/weaviate --host 0.0.0.0 --port 8080 --scheme http';

/** By nc, because a header of wget would stand in the list of processes. */
const ask = (header: string): string =>
  `printf 'GET /v1/meta HTTP/1.0\\r\\n${header}\\r\\n' "$AUTHENTICATION_APIKEY_ALLOWED_KEYS" | nc 127.0.0.1 8080 | head -n 1 | grep -q ' 200'`;

/**
 * Without its authentication settings it lets everybody in. Its name in its own cluster must not be the id of the
 * container: another one would not find its state again (weaviate/weaviate, CLUSTER_HOSTNAME).
 */
export const weaviate = defineService({
  name: 'weaviate',
  title: 'Weaviate',
  summary: 'vector database',
  presets: [],
  sources: {
    official: {
      image: 'docker.io/semitechnologies/weaviate:1.39.2',
      entrypoint: withSecretEnv(PROGRAM),
    },
  },
  user: 'tenant',
  mounts: [{ path: '/var/lib/weaviate', dir: 'weaviate' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: {
    HOME: '/tmp',
    PERSISTENCE_DATA_PATH: '/var/lib/weaviate',
    CLUSTER_HOSTNAME: 'node1',
    AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
    AUTHENTICATION_APIKEY_ENABLED: 'true',
    AUTHENTICATION_APIKEY_ALLOWED_KEYS: '{{secret.WEAVIATE_API_KEY}}',
    AUTHENTICATION_APIKEY_USERS: '{{tenant.name}}',
    AUTHORIZATION_ADMINLIST_ENABLED: 'true',
    AUTHORIZATION_ADMINLIST_USERS: '{{tenant.name}}',
    DEFAULT_VECTORIZER_MODULE: 'none',
    ENABLE_MODULES: '',
    PROMETHEUS_MONITORING_ENABLED: 'true',
    DISABLE_TELEMETRY: 'true',
    GOMEMLIMIT: '900MiB',
  },
  secrets: [{ key: 'WEAVIATE_API_KEY', format: 'token' }],
  backup: {
    how: 'stopped',
    because: 'its objects, its index and the state of its cluster have to be of the same moment',
  },
  credentials: [
    { what: 'address in the network', value: 'http://weaviate:8080' },
    { what: 'address for gRPC', value: 'weaviate:50051' },
    { what: 'key', value: '{{secret.WEAVIATE_API_KEY}}' },
    { what: 'prefix for classes', value: '{{tenant.class}}' },
  ],
  health: {
    test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/v1/.well-known/ready'],
    startPeriodMs: 60_000,
  },
  limits: { memoryMb: 1024, cpus: 2, pids: 256 },
  metrics: { port: 2112, path: '/metrics' },
  vectorDb: 'weaviate',
  lock: {
    withKey: ['sh', '-c', `. /run/secrets/environment && ${ask('Authorization: Bearer %s\\r\\n')}`],
    withoutKey: ['sh', '-c', ask('')],
  },
  stopGraceMs: 30_000,
  licence: 'BSD-3-Clause',
});
