import * as z from 'zod';
import { PORT_KEYS } from '../ports/block.ts';

export const serviceName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
export const tcpPort = z.int().min(1).max(65535);
/** Of a file directly below a folder that is known. */
export const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
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

/** The port that the `.env` has under `key`, where `container` left out means the same number inside, or a recorded one. */
export const Ports = z.array(
  z.union([
    z.strictObject({ key: z.enum(PORT_KEYS), container: tcpPort.optional() }),
    z.strictObject({ port: tcpPort, container: tcpPort }),
  ]),
);

const because = z.string().min(1);
const words = z.array(z.string()).min(1);

/** How the data of a service is taken, and why it is whole then. */
export const Backup = z.discriminatedUnion('how', [
  /** The files are read while it runs, when it stands still, or not at all. */
  z.strictObject({ how: z.literal('running'), because }),
  z.strictObject({ how: z.literal('stopped'), because }),
  z.strictObject({ how: z.literal('left out'), because }),
  /**
   * It writes a copy of its data into one file of its first mount, and takes it back from there into a new, empty
   * one. Both run in the container as its user, with the path of the file for `{{file}}`, and may run again.
   */
  z.strictObject({ how: z.literal('dumped'), because, file: fileName, dump: words, load: words }),
]);
