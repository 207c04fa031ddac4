import { defineService } from '../define.ts';

/** Chroma 1.x has no authentication of its own (Chroma docs, migration to 1.0): its wall is the tenant's network. */
export const chroma = defineService({
  name: 'chroma',
  title: 'Chroma',
  summary: 'vector database',
  presets: [],
  sources: {
    official: {
      image: 'docker.io/chromadb/chroma:1.5.9',
      healthTest: [
        'CMD',
        'bash',
        '-c',
        'exec 3<>/dev/tcp/127.0.0.1/8000 && printf "GET /api/v2/heartbeat HTTP/1.0\\r\\n\\r\\n" >&3 && head -1 <&3 | grep -q " 200"',
      ],
    },
    embedded: { image: 'chroma' },
  },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'chroma' }],
  files: [{ path: '/etc/aiplat', render: 'chroma' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: { HOME: '/data' },
  alignData: ['bash', '/etc/aiplat/database.sh'],
  backup: {
    how: 'stopped',
    because: 'its SQLite file and the index files beside it have to be of the same moment',
  },
  credentials: [
    { what: 'address in the network', value: 'http://chroma:8000' },
    { what: 'tenant and database', value: '{{tenant.name}}' },
    { what: 'key', value: 'none: the network is its wall' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:8000/api/v2/heartbeat'],
    startPeriodMs: 30_000,
  },
  limits: { memoryMb: 1024, cpus: 2, pids: 256 },
  takes: { memoryMb: 28, imageMb: 420, dataMb: 1 },
  vectorDb: 'chroma',
  licence: 'Apache-2.0',
});
