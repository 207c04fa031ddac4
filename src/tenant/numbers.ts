import { refused } from '../errors.ts';

/** The UIDs that can be tenants: above the first ordinary account, below `nobody`'s neighbour 65535. */
export const FIRST_UID = 1001;
export const LAST_UID = 65534;

const FIRST_PORT = 5000;
const BLOCK_SIZE = 100;
/** 277 blocks of 100 ports fill 5000–32699, just below Linux's ephemeral ports (32768). */
const BLOCK_COUNT = 277;
const SUBNET_PREFIX = 25;

export interface PortBlock {
  readonly first: number;
  readonly last: number;
}

export interface Subnet {
  readonly cidr: string;
  readonly gateway: string;
}

/** Is this UID one that a tenant can have? */
export const isTenantUid = (uid: number): boolean =>
  Number.isInteger(uid) && uid >= FIRST_UID && uid <= LAST_UID;

/** The hundred TCP ports that belong to a UID. */
export function portBlock(uid: number): PortBlock {
  const first = FIRST_PORT + BLOCK_SIZE * ((uid - FIRST_UID) % BLOCK_COUNT);
  return { first, last: first + BLOCK_SIZE - 1 };
}

/**
 * The loopback address on which a UID's ports are published. UIDs that share a port block
 * (277 apart) differ in this address, so that (address, port) is unique for every UID.
 */
export function bindAddress(uid: number): string {
  const round = Math.floor((uid - FIRST_UID) / BLOCK_COUNT);
  return round === 0 ? '127.0.0.1' : `127.0.${round}.1`;
}

/** UIDs whose port block is the same as this one's, this one included. */
export function uidsOfSameBlock(uid: number): number[] {
  const uids: number[] = [];
  for (let other = FIRST_UID + ((uid - FIRST_UID) % BLOCK_COUNT); other <= LAST_UID; other += BLOCK_COUNT) {
    uids.push(other);
  }
  return uids;
}

/**
 * The (UID − 1001)-th /25 of the pool, a CIDR such as `10.128.0.0/9`.
 * @throws AiplatError (exit 2) when the pool is no IPv4 CIDR or too small to reach this UID.
 */
export function subnetOf(uid: number, pool: string): Subnet {
  const { base, prefix } = parseCidr(pool);
  const index = uid - FIRST_UID;
  if (prefix > SUBNET_PREFIX || index >= 2 ** (SUBNET_PREFIX - prefix)) {
    throw refused(
      `The subnet pool ${pool} has no subnet for UID ${uid}.`,
      `It holds ${Math.max(0, Math.floor(2 ** (SUBNET_PREFIX - prefix)))} subnets of size /25; UID ${uid} needs number ${index}.`,
      'Give a larger "subnetPool" in the host config; 10.128.0.0/9 reaches every UID.',
    );
  }
  const network = base + index * 2 ** (32 - SUBNET_PREFIX);
  return { cidr: `${toDotted(network)}/${SUBNET_PREFIX}`, gateway: toDotted(network + 1) };
}

/** Networks that hold every address of a /25 but its first two: what lives there beside the gateway. */
export const besideGateway = (cidr: string): string[] =>
  [31, 30, 29, 28, 27, 26].map(
    (prefix) => `${toDotted(parseCidr(cidr).base + 2 ** (32 - prefix))}/${prefix}`,
  );

/** First address and last address of a CIDR, as numbers, to see whether two overlap. */
export function cidrRange(cidr: string): { first: number; last: number } {
  const { base, prefix } = parseCidr(cidr);
  return { first: base, last: base + 2 ** (32 - prefix) - 1 };
}

/** Do two IPv4 CIDRs share an address? */
export function overlaps(one: string, other: string): boolean {
  const a = cidrRange(one);
  const b = cidrRange(other);
  return a.first <= b.last && b.first <= a.last;
}

function parseCidr(cidr: string): { base: number; prefix: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const parts = match?.slice(1).map(Number) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = parts;
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) {
    throw refused(
      `${JSON.stringify(cidr)} is no IPv4 network.`,
      'An IPv4 network is written as four numbers and a prefix length.',
      'Write it like 10.128.0.0/9.',
    );
  }
  const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

const toDotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
