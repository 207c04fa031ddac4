import * as z from 'zod';
import { Credentials, GivenKey, Route } from './schema-access.ts';
import { Databases, EnvTexts, envName, serviceName, VECTOR_DBS, VectorEnv } from './schema-data.ts';
import { Backup, because, fileName, Metrics, Ports, Takes } from './schema-running.ts';

const containerPath = z.string().regex(/^(\/[A-Za-z0-9._-]+)+$/);

/** Where an image comes from, and what differs from the other source of the same service. */
const Source = z.strictObject({
  /** Official: a pinned reference. Embedded: the folder below templates/images. */
  image: z.string().min(1),
  /** Official alone: the folder below templates/images whose recipe starts from `image` and runs in its place. */
  derived: z.string().min(1).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  /** Linux capabilities added to none at all. Each needs a reason beside it in the entry. */
  capabilities: z.array(z.string().regex(/^[A-Z_]+$/)).default([]),
  healthTest: z.array(z.string()).optional(),
});

/** One service of the catalogue. Texts may hold `{{…}}`; catalog/expand.ts says what may stand there. */
export const ServiceSchema = z
  .strictObject({
    name: serviceName,
    title: z.string(),
    summary: z.string(),
    presets: z.array(z.enum(['minimal', 'standard', 'full'])),
    /**
     * The service that it is a part of: it is switched on and off, shown, saved and brought back with that one alone.
     */
    partOf: serviceName.optional(),
    /** An admin added it to one tenant (catalog/added.ts): its image is a whole reference, and it is always on. */
    isAdded: z.boolean().optional(),
    sources: z.strictObject({ official: Source.optional(), embedded: Source.optional() }),
    /** Whose UID and GID the process has. */
    user: z.enum(['tenant', 'openclaw']),
    /** Why the root file system must be writable; left out, it is read-only. */
    writableRootBecause: z.string().optional(),
    /** Data that outlives the container: `dir` is a folder below the tenant's data directory. */
    mounts: z.array(z.strictObject({ path: containerPath, dir: serviceName })).default([]),
    /** Folders of files that aiplat writes and the container reads. */
    files: z.array(z.strictObject({ path: containerPath, render: z.string() })).default([]),
    tmpfs: z
      .array(
        z.strictObject({
          path: containerPath,
          sizeMb: z.int().positive(),
          /** Programs or libraries that lie there are run; `apparmor.runsDataBecause` says why. */
          runs: z.boolean().optional(),
        }),
      )
      .default([]),
    /** Where it sees the control groups of its own tenant, read-only, and why. */
    readsGroups: z.strictObject({ path: containerPath, because }).optional(),
    /**
     * Its environment. A text that asks for a secret (`{{secret.KEY}}`, `{{databaseUrl.NAME}}`, and `{{provider.KEY}}`
     * for the key of a provider of models, empty when there is none) is no setting of the container: it stands in a file that the shell reads which becomes the program (catalog/environment.ts).
     */
    env: EnvTexts.default({}),
    /**
     * What it reads in order to use the tenant's vector database, for each value of VECTOR_DB; texts as in `env`.
     * It waits for that database then. Left out, it uses none, or is told of it in its own pages.
     * Names in the engines: `{{tenant.name}}` (tenant-1001: Qdrant, Chroma), `{{tenant.slug}}` (tenant_1001:
     * PostgreSQL, Milvus), `{{tenant.class}}` (Tenant1001: classes of Weaviate, and prefixes that fit all engines).
     */
    vectorEnv: VectorEnv.optional(),
    /**
     * Databases of its own in the tenant's PostgreSQL, which it then waits for; those `forVectors` are there while
     * VECTOR_DB is pgvector. One role owns them and reaches no other; its password is the secret SERVICE_DB_PASSWORD
     * (`open-webui` → OPEN_WEBUI_DB_PASSWORD), which define.ts adds. Texts, on `postgres:5432`: `{{database.NAME}}`,
     * `{{databaseRole.SERVICE}}`, `{{databaseUrl.NAME}}` with the password, `{{secretFile.SERVICE_DB_PASSWORD}}`.
     */
    databases: Databases.default([]),
    secrets: z
      .array(
        z.strictObject({
          key: envName,
          format: z.enum(['hex', 'token', 'password', 'sk']),
          /**
           * The key of data at rest: a new value makes what lies in the service's `mounts` unreadable for ever. It is
           * never made anew over data, and never rotated. What a program can be told to change (a password of a
           * database, a token of a page) is none, even when its data remembers it.
           */
          identity: z.boolean().default(false),
          /** The name below /run/secrets under which the program looks for it; left out, the key's. */
          file: fileName.optional(),
        }),
      )
      .default([]),
    /**
     * Brings data that remembers a secret in line with the file of that secret, or makes what clients look for: run in the container, as its user,
     * once it is healthy after it was made. The secret stands on no command line and in no environment. May run again.
     */
    alignData: z.array(z.string()).min(1).optional(),
    /**
     * It answers to models: `url` is its OpenAI-compatible address in the tenant's network. `checksKeys`: it lets in
     * the keys of the clients and no others. The first of a stack, in catalogue order, is `{{models.url}}`.
     */
    modelServer: z.strictObject({ url: z.url(), checksKeys: z.boolean() }).optional(),
    /**
     * It asks for models, with a key of its own. `key` becomes a secret of the service by itself (format `sk`), and the
     * model server of the stack lets it in. `env` is added to that of the service where there is such a server:
     * `{{models.url}}` is its address, `{{secret.KEY}}` or `{{secretFile.KEY}}` the key. A program that is told of
     * both on its pages alone leaves `env` away: `ops credentials` shows them.
     */
    modelClient: z.strictObject({ key: envName, env: EnvTexts.default({}) }).optional(),
    /** It computes on a GPU of NVIDIA where host and admin let the tenant have one, and without one elsewhere. */
    gpu: z.boolean().default(false),
    /** How the data in `mounts` is taken for a backup, and why it is whole then. */
    backup: Backup.optional(),
    /** What a tenant needs in order to use it, as `ops credentials` shows it. */
    credentials: Credentials.default([]),
    /** What the AppArmor profile of this service allows beyond what all have, each with its reason. */
    apparmor: z
      .strictObject({
        /** It runs programs out of what it writes. */
        runsDataBecause: z.string().optional(),
        /** It reads /etc/passwd and /etc/group. */
        readsAccountsBecause: z.string().optional(),
      })
      .default({}),
    /** Settings of the network namespace, for kernels that know them. */
    sysctls: z
      .array(
        z.strictObject({ name: z.string().startsWith('net.'), value: z.string(), sinceKernel: z.string() }),
      )
      .default([]),
    dependsOn: z.array(serviceName).default([]),
    /**
     * The service whose network namespace it shares, where this host's images have that one: its ports and its name
     * on the network are there then. Elsewhere it stands on the tenant's network itself.
     */
    networkOf: serviceName.optional(),
    /**
     * A key of the `.env` that nobody can make, and how it gets there. As long as it is empty the service is left out,
     * and so is whatever shares its network.
     */
    givenKey: GivenKey.optional(),
    health: z.strictObject({
      /** None: the image's own check, if it has one. */
      test: z.array(z.string()),
      /** How long a first start may take before failures count, in milliseconds. */
      startPeriodMs: z.int().positive(),
      /** What to do when it does not become healthy, where the usual cause is known. */
      remedy: z.string().min(1).optional(),
    }),
    limits: z.strictObject({
      memoryMb: z.int().min(16),
      cpus: z.number().positive(),
      pids: z.int().min(16),
      shmMb: z.int().positive().optional(),
    }),
    /**
     * What it takes before anybody uses it, in megabytes: memory at rest, its image unpacked, its data after a first
     * start. Measured, unless the entry says from where it is; left out, it is guessed from `limits`.
     */
    takes: Takes.optional(),
    /** Ports published on the tenant's loopback address. */
    ports: Ports.default([]),
    /** The page of the service behind Caddy: https://SUBDOMAIN.DOMAIN. */
    route: Route.optional(),
    /** What Prometheus scrapes; `token` is the key of the secret that it has to show, if any. */
    metrics: Metrics.optional(),
    /** How the running program takes over a changed `file` of `files` without a restart; `{{file}}` is the candidate. */
    reload: z
      .strictObject({ file: z.string(), check: z.array(z.string()), apply: z.array(z.string()) })
      .optional(),
    /** The value of VECTOR_DB that chooses this service. */
    vectorDb: z.enum(VECTOR_DBS).optional(),
    /**
     * How verify tries the lock of its data, inside its container: `withKey` gets in, `withoutKey` must not. The key
     * itself is on neither line. Left out, the program has no lock.
     */
    lock: z
      .strictObject({ withKey: z.array(z.string()).min(1), withoutKey: z.array(z.string()).min(1) })
      .optional(),
    stopGraceMs: z.int().positive().default(10_000),
    /** Said once whenever the service is switched on. */
    warning: z.string().optional(),
    licence: z.string(),
  })
  .refine((entry) => entry.sources.official ?? entry.sources.embedded, 'has no image source')
  .refine((entry) => entry.mounts.length === 0 || entry.backup, 'does not say how its data is backed up');

export type Service = z.infer<typeof ServiceSchema>;
export type ServiceInput = z.input<typeof ServiceSchema>;
export type ImageSource = 'official' | 'embedded';
