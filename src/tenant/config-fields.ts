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

const port = limit(1, 65_535);

/** The one way in on a host, and what it allows. Every connection takes two of the process's descriptors. */
export const EdgeSchema = z.strictObject(
  {
    addresses: z
      .array(z.union([z.ipv4(), z.ipv6()], { error: 'is no IP address' }), {
        error: 'is no list of addresses',
      })
      .min(1, 'is empty')
      .default(['0.0.0.0']),
    httpPort: port.default(80),
    httpsPort: port.default(443),
    connections: limit(10, 500_000).default(8000),
    tenantConnections: limit(1, 100_000).default(500),
    clientConnections: limit(1, 100_000).default(300),
  },
  { error: 'is no object of settings' },
);

export type EdgeConfig = z.infer<typeof EdgeSchema>;

/** Where certificates of tenants come from. */
export const tlsMode = z.enum(['internal', 'acme', 'files'], {
  error: 'is neither "internal" nor "acme" nor "files"',
});

/** They stand in the Caddyfile as they are, so nothing that would need quoting passes. */
export const TlsSchema = z.strictObject(
  {
    mode: tlsMode.default('internal'),
    ca: z
      .string({ error: 'is no address' })
      .regex(/^https:\/\/[A-Za-z0-9._:/-]+$/, 'is no https address')
      .default('https://acme-v02.api.letsencrypt.org/directory'),
    caRoot: absolutePath.optional(),
    email: z
      .string({ error: 'is no e-mail address' })
      .regex(/^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$/, 'is no e-mail address')
      .optional(),
  },
  { error: 'is no object with a mode' },
);

export type BackupConfig = z.infer<typeof BackupSchema>;

/** The name of a Linux group (useradd(8), NAME_REGEX). */
export const groupName = z
  .string({ error: 'is no group name' })
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no group name');
