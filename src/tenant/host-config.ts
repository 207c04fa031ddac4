import * as z from 'zod';
import type { SliceLimits } from '../host/host.ts';
import {
  absolutePath,
  BackupSchema,
  cidr,
  EdgeSchema,
  groupName,
  QuotaSchema,
  subnetPool,
  TlsSchema,
} from './config-fields.ts';
import { IMAGE_PATTERN } from './image-name.ts';
import { parseJsonObject } from './json-object.ts';
import { LAST_UID } from './numbers.ts';
import { fileProblems, problemLines } from './problems.ts';
import type { TenantRecord } from './record.ts';

const DEFAULT_QUOTA = { cpuWeight: 100, ioWeight: 100, memoryMb: 8192, pids: 4096 };

/** What the admin of a host decides for all tenants. Lives in /etc/aiplat/config.json, root-owned. */
const HostConfigSchema = z.strictObject({
  baseDomain: z
    .string({ error: 'is no domain' })
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'is no domain name')
    .default('datasquiz.net'),
  dataRoot: absolutePath.default('/mnt'),
  stateDir: absolutePath.default('/var/lib/aiplat'),
  runDir: absolutePath.default('/run/aiplat'),
  logDir: absolutePath.default('/var/log/aiplat'),
  /** How many disks this machine can have attached, where aiplat does not know it or knows it wrong. */
  volumeLimit: z
    .int({ error: 'is no whole number' })
    .min(1, 'leaves no room for any')
    .max(1000, 'is more than any machine takes')
    .optional(),
  /** Left out, there are no backups. */
  backup: BackupSchema.optional(),
  /** What `aiplat host edge enable` starts. */
  edge: EdgeSchema.prefault({}),
  tls: TlsSchema.prefault({}),
  requireMount: z.boolean({ error: 'is neither true nor false' }).default(true),
  subnetPool: subnetPool.default('10.128.0.0/9'),
  /**
   * 1,900,000,000 lies between the UIDs that systemd hands to containers (up to 1,879,048,191) and its
   * foreign range (from 2,147,352,576), so no account meets it (systemd, "Users, Groups, UIDs and GIDs").
   */
  openclawUidOffset: z
    .int({ error: 'is no whole number' })
    .min(LAST_UID, 'would meet the UIDs of other tenants')
    .max(4_294_000_000, 'leaves the 32 bits of a UID')
    .default(1_900_000_000),
  tenantGroup: groupName.default('aiplat'),
  adminGroup: groupName.default('aiplat-admin'),
  confinement: z.enum(['apparmor', 'off'], { error: 'is neither "apparmor" nor "off"' }).default('apparmor'),
  quota: QuotaSchema.default(DEFAULT_QUOTA),
  firewall: z.enum(['nftables', 'off'], { error: 'is neither "nftables" nor "off"' }).default('nftables'),
  egress: z
    .union([z.enum(['open', 'closed']), z.array(cidr)], {
      error: 'is neither "open" nor "closed" nor a list of IPv4 networks',
    })
    .default('open'),
  images: z
    .enum(['official', 'embedded'], { error: 'is neither "official" nor "embedded"' })
    .default('official'),
  /** Images that admins may add to the stacks of tenants. */
  addedImages: z
    .array(z.string({ error: 'is no list of images' }).regex(IMAGE_PATTERN, 'names no image'), {
      error: 'is no list of images',
    })
    .default(['docker.io/library/*', 'aiplat/*']),
});

export type HostConfig = z.infer<typeof HostConfigSchema>;

/** Walls that the host config leaves out: every deploy and every status says so. */
export function missingWalls({ confinement, firewall }: HostConfig): string[] {
  return [
    ...(confinement === 'off'
      ? ['AppArmor is off on this host ("confinement": "off"): containers are kept apart without it.']
      : []),
    ...(firewall === 'off'
      ? [
          'The firewall is off on this host ("firewall": "off"): users and containers reach what others publish.',
        ]
      : []),
  ];
}

const MIB = 1024 * 1024;

/** The limits of one tenant: the host's quota, where the tenant's own does not say otherwise. */
export function limitsOf({ quota }: HostConfig, { quota: own }: TenantRecord): SliceLimits {
  return {
    cpuWeight: own.cpuWeight ?? quota.cpuWeight,
    ioWeight: own.ioWeight ?? quota.ioWeight,
    memoryBytes: (own.memoryMb ?? quota.memoryMb) * MIB,
    pids: own.pids ?? quota.pids,
  };
}

const REMEDIES: Readonly<Record<string, string>> = {
  baseDomain: 'Write a domain in lower case, such as example.org',
  dataRoot: 'Write a path such as /mnt; tenants live in data-tenant-UID below it',
  stateDir: 'Write a path such as /var/lib/aiplat',
  runDir: 'Write a path such as /run/aiplat',
  volumeLimit: 'Write how many disks this machine takes, such as 28',
  backup: 'Write an object such as {"repository": "/var/backups/aiplat", "keepDaily": 7}',
  edge: 'Write an object such as {"addresses": ["203.0.113.7"], "tenantConnections": 500}',
  tls: 'Write an object such as {"mode": "acme", "email": "admin@example.org"}',
  requireMount: 'Write true, or false on a development machine',
  subnetPool: 'Write a network such as 10.128.0.0/9',
  openclawUidOffset: `Write a number from ${LAST_UID} on, such as 1900000000`,
  logDir: 'Write a path such as /var/log/aiplat',
  tenantGroup: 'Write the name of a Linux group, such as aiplat',
  adminGroup: 'Write the name of a Linux group, such as aiplat-admin',
  confinement: 'Write "apparmor", or "off" on a host whose kernel has none',
  quota: 'Write an object such as {"cpuWeight": 100, "ioWeight": 100, "memoryMb": 8192, "pids": 4096}',
  firewall: 'Write "nftables", or "off" on a machine without strangers',
  egress: 'Write "open", "closed", or a list of networks such as ["203.0.113.0/24"]',
  images: 'Write "official" (pulled from registries) or "embedded" (built on this host)',
  addedImages: 'Write a list such as ["docker.io/library/*", "ghcr.io/acme/tool"]',
};

const KNOWN = Object.keys(HostConfigSchema.shape);

/**
 * Reads the host config.
 * @param text the file's content, or undefined when there is none: the defaults hold.
 * @throws AiplatError (exit 2) that lists every problem.
 */
export function parseHostConfig(text: string | undefined, path: string): HostConfig {
  const values = text === undefined ? {} : parseJsonObject(text, `The host config ${path}`);
  const result = HostConfigSchema.safeParse(values);
  if (result.success) return result.data;
  const lines = problemLines(result.error, values, {
    known: KNOWN,
    remedyOf: (key) => REMEDIES[key] ?? '',
    isSecret: () => false,
  });
  throw fileProblems(`The host config ${path} is wrong.`, lines, `Mend these lines of ${path}.`);
}
