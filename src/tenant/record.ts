import { dirname } from 'node:path';
import * as z from 'zod';
import { QuotaSchema } from './config-fields.ts';
import { parseJsonObject } from './json-object.ts';
import { fileProblems, problemLines } from './problems.ts';

/** What the admin decided about one tenant when admitting it. Root-owned, beside the host config. */
const RecordSchema = z.strictObject({
  /** The name of the tenant's account, for people; the UID is what counts. */
  user: z.string({ error: 'is no user name' }).optional(),
  /** Serial number of the disk that is the tenant's volume, as its maker writes it: `vol0123456789abcdef0`. */
  volume: z
    .string({ error: 'is no serial number' })
    .regex(/^[A-Za-z0-9_-]{4,64}$/, 'is no serial number')
    .optional(),
  /** A disk that has no serial number: its device. */
  device: z
    .string({ error: 'is no device' })
    .regex(/^\/dev(\/[A-Za-z0-9._-]+)+$/, 'is no device')
    .refine((path) => !path.split('/').includes('..'), 'climbs with ..')
    .optional(),
  /** May its services use the GPU? Tenants that share one are not kept apart there. */
  gpu: z.boolean({ error: 'is neither true nor false' }).default(false),
  /** Where this tenant's limits differ from those of the host config. */
  quota: QuotaSchema.partial().default({}),
});

export type TenantRecord = z.infer<typeof RecordSchema>;

/** Of a tenant that root works with and nobody admitted. */
export const NO_RECORD: TenantRecord = { gpu: false, quota: {} };

const REMEDIES: Readonly<Record<string, string>> = {
  user: 'Write the name of the account',
  volume: 'Write a serial number such as vol0123456789abcdef0 (`lsblk -o NAME,SERIAL`)',
  device: 'Write a device such as /dev/xvdf',
  gpu: 'Write true or false',
  quota: 'Write an object such as {"memoryMb": 16384}',
};

/** Folder of all records. */
export const recordsDir = (configPath: string): string => `${dirname(configPath)}/tenants`;

export const recordPath = (configPath: string, tenant: string): string =>
  `${recordsDir(configPath)}/${tenant}.json`;

/**
 * Reads the record of a tenant.
 * @param text the file's content, or undefined when there is none.
 * @throws AiplatError (exit 2) that lists every problem.
 */
export function parseRecord(text: string | undefined, path: string): TenantRecord {
  if (text === undefined) return NO_RECORD;
  const values = parseJsonObject(text, `The record ${path}`);
  const result = RecordSchema.safeParse(values);
  if (result.success) return result.data;
  const lines = problemLines(result.error, values, {
    known: Object.keys(RecordSchema.shape),
    remedyOf: (key) => REMEDIES[key] ?? '',
    isSecret: () => false,
  });
  throw fileProblems(`The record ${path} is wrong.`, lines, `Mend these lines of ${path}.`);
}

/** The file of a record: the keys that say something, for an admin to read. */
export function recordText({ user, volume, device, gpu, quota }: TenantRecord): string {
  const disk = { ...(volume !== undefined && { volume }), ...(device !== undefined && { device }) };
  return `${JSON.stringify({ ...(user !== undefined && { user }), ...disk, ...(gpu && { gpu }), quota }, null, 2)}\n`;
}

/** EBS writes `vol-0123…` on its pages and `vol0123…` as the serial number of the disk. */
export const serialOf = (volume: string): string => volume.replace(/^vol-/, 'vol');

/**
 * Reads `memoryMb=16384,pids=8192`.
 * @throws AiplatError (exit 2) that lists every problem.
 */
export function parseQuota(text: string): TenantRecord['quota'] {
  const values = Object.fromEntries(
    text.split(',').map((part) => {
      const [key = '', value = ''] = part.split('=').map((word) => word.trim());
      return [key, /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
  const result = QuotaSchema.partial().safeParse(values);
  if (result.success) return result.data;
  const known = Object.keys(QuotaSchema.shape);
  const lines = problemLines(result.error, values, {
    known,
    remedyOf: () => 'Write a whole number behind =',
    isSecret: () => false,
  });
  throw fileProblems(
    `--quota ${text} is wrong.`,
    lines,
    `Write it like memoryMb=16384,pids=8192; there are ${known.join(', ')}.`,
  );
}
