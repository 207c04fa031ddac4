import * as z from 'zod';
import { isMountPath } from '../apparmor/profile.ts';
import { envName, serviceName } from '../catalog/schema-data.ts';
import type { AiplatError } from '../errors.ts';
import { parseJsonObject } from './json-object.ts';
import { fileProblems, problemLines } from './problems.ts';
import { recordsDir } from './record.ts';

const tcpPort = z.int().min(1).max(65535);
const texts = z.record(envName, z.string());

const AddedSchema = z.strictObject({
  image: z.string().min(1),
  /** On which port it listens in its container, and where that is on the tenant's loopback address. */
  port: tcpPort,
  published: tcpPort,
  env: texts.default({}),
  /** What came from a file of the admin. */
  secretEnv: texts.default({}),
  /** Where it keeps data: the path inside the container, and the folder of the tenant's data directory. */
  mounts: z.record(z.string().refine(isMountPath, 'is no place for data'), serviceName).default({}),
  /** A path of its pages, or a command; left out, the image's own check. */
  health: z.string().min(1).optional(),
  memoryMb: z.int().min(16),
  readWriteRoot: z.boolean().default(false),
  runAs: z.enum(['tenant', 'openclaw']).default('tenant'),
  route: z.boolean().default(true),
  needs: z.array(serviceName).default([]),
  /** The day on which it was added, and by which user of the host. */
  since: z.iso.date(),
  by: z.string(),
});

/** A service that an admin added to one tenant. */
export type Added = z.infer<typeof AddedSchema>;

/** All that were added to a tenant, by name. */
export type AddedServices = ReadonlyMap<string, Added>;

const FileSchema = z.record(serviceName, AddedSchema);

/** Beside the tenant's record, root-owned and closed: it holds secrets. */
export const addedPath = (configPath: string, tenant: string): string =>
  `${recordsDir(configPath)}/${tenant}.services.json`;

/**
 * Reads what was added to a tenant.
 * @throws AiplatError (exit 2) that names every service whose entry is wrong.
 */
export function parseAdded(text: string | undefined, path: string): AddedServices {
  if (text === undefined) return new Map();
  const values = parseJsonObject(text, `The file ${path}`);
  const result = FileSchema.safeParse(values);
  if (result.success) return new Map(Object.entries(result.data));
  throw wrong(result.error, values, path);
}

function wrong(error: z.ZodError, values: Readonly<Record<string, unknown>>, path: string): AiplatError {
  const lines = problemLines(error, values, {
    known: Object.keys(values),
    remedyOf: (name) => `Mend ${name}, or take it out and add it again: aiplat add-service`,
    isSecret: () => true,
  });
  return fileProblems(`The file ${path} is wrong.`, lines, `Mend these entries of ${path}.`);
}

/** The file of what was added; equal services have equal ones. */
export const addedText = (all: AddedServices): string =>
  `${JSON.stringify(FileSchema.parse(Object.fromEntries(all)), null, 2)}\n`;
