import { withSecretEnv } from '../../src/catalog/environment.ts';
import type { ServiceInput } from '../../src/catalog/schema.ts';

const engine = (name: string) => ({ [`${name.toUpperCase()}_URL`]: `http://${name}` });

/** A client as they are in the catalogue: with a database of its own, and another for vectors. */
export const CLIENT: ServiceInput = {
  name: 'open-client',
  title: 'Client',
  summary: 'uses everything',
  presets: [],
  sources: { official: { image: 'registry.example/client:1', command: withSecretEnv('client --serve') } },
  user: 'tenant',
  dependsOn: ['valkey'],
  env: { HOME: '/tmp', DATABASE_URL: '{{databaseUrl.client}}' },
  databases: [{ name: 'client' }, { name: 'client_vectors', extensions: ['vector'], forVectors: true }],
  vectorEnv: {
    qdrant: engine('qdrant'),
    pgvector: { PGVECTOR_URL: '{{databaseUrl.client_vectors}}', VECTOR_DB: 'pgvector' },
    weaviate: engine('weaviate'),
    chroma: { CHROMA_DATABASE: '{{tenant.name}}' },
    milvus: engine('milvus'),
  },
  health: { test: ['CMD', 'true'], startPeriodMs: 1000 },
  limits: { memoryMb: 64, cpus: 1, pids: 64 },
  licence: 'MIT',
};
