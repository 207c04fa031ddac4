import * as z from 'zod';
import { cidrRange, subnetOf } from './numbers.ts';

export const absolutePath = z
  .string({ error: 'is no path' })
  .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'is no plain absolute path')
  .refine((path) => !path.split('/').includes('..'), 'climbs with ..');

export const subnetPool = z.string({ error: 'is no network' }).refine((pool) => {
  try {
    return subnetOf(1001, pool) !== undefined;
  } catch {
    return false;
  }
}, 'is no IPv4 network of /25 or larger');

export const cidr = z.string({ error: 'is no network' }).refine((text) => {
  try {
    cidrRange(text);
    return true;
  } catch {
    return false;
  }
}, 'is no IPv4 network');

const limit = (least: number, most: number) =>
  z
    .int({ error: 'is no whole number' })
    .min(least, `is less than ${least}`)
    .max(most, `is more than ${most}`);

/** What all containers of one tenant may use together. A kernel has at most 4,194,304 processes (proc(5), pid_max). */
export const QuotaSchema = z.strictObject(
  {
    cpuWeight: limit(1, 10_000),
    ioWeight: limit(1, 10_000),
    memoryMb: limit(64, 1024 ** 3),
    pids: limit(16, 4_194_304),
  },
  { error: 'is no object of limits' },
);

const kept = z.int({ error: 'is no whole number' }).min(1, 'keeps none').max(10_000, 'is more than 10000');

/** Where backups go, and how many stay. Each tenant has a repository of its own below `repository`. */
export const BackupSchema = z.strictObject(
  {
    repository: z
      .string({ error: 'is no place' })
      .regex(
        /^(s3:[A-Za-z0-9._:-]+(\/[A-Za-z0-9._-]+)+|s3:https?:\/\/[A-Za-z0-9._:-]+(\/[A-Za-z0-9._-]+)+|(\/[A-Za-z0-9._-]+)+)$/,
        {
          error: 'is neither a plain absolute path nor s3:…',
        },
      )
      .refine((place) => !place.split('/').includes('..'), 'climbs with ..'),
    keepDaily: kept.default(7),
    keepWeekly: kept.default(4),
    keepMonthly: kept.default(6),
    /** Lines KEY=value that restic needs for that place, such as AWS_ACCESS_KEY_ID. Root's alone. */
    environmentFile: absolutePath.optional(),
  },
  { error: 'is no object with a repository' },
);

export type BackupConfig = z.infer<typeof BackupSchema>;

/** The name of a Linux group (useradd(8), NAME_REGEX). */
export const groupName = z
  .string({ error: 'is no group name' })
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no group name');
