import * as z from 'zod';

export const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
export const EnvTexts = z.record(envName, z.string());

/** The values that VECTOR_DB can have. */
export const VECTOR_DBS = ['qdrant', 'pgvector', 'weaviate', 'chroma', 'milvus'] as const;
export type VectorDb = (typeof VECTOR_DBS)[number];

/** Whoever uses a vector database is told of each of them. */
export const VectorEnv = z.strictObject({
  qdrant: EnvTexts,
  pgvector: EnvTexts,
  weaviate: EnvTexts,
  chroma: EnvTexts,
  milvus: EnvTexts,
  /** What does not work with one of them, as a sentence for whoever chose it. */
  faults: z.partialRecord(z.enum(VECTOR_DBS), z.string()).optional(),
});

/** Whole it stands behind `tenant_65534_`, and PostgreSQL knows names of 63 bytes. */
const databaseName = z.string().regex(/^[a-z][a-z0-9_]{0,48}$/);

export const Databases = z.array(
  z.strictObject({
    /** Behind the tenant's name: `litellm` is tenant_1001_litellm. Unique in the catalogue. */
    name: databaseName,
    /** Extensions that only a superuser may make, such as vector. */
    extensions: z.array(databaseName).default([]),
    forVectors: z.boolean().default(false),
  }),
);
