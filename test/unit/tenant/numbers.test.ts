import { describe, expect, it } from 'vitest';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import { describeTenant } from '../../../src/tenant/identity.ts';
import {
  besideGateway,
  bindAddress,
  cidrRange,
  FIRST_UID,
  isTenantUid,
  LAST_UID,
  overlaps,
  portBlock,
  subnetOf,
  uidsOfSameBlock,
} from '../../../src/tenant/numbers.ts';

const POOL = '10.128.0.0/9';
const host = parseHostConfig(undefined, '/etc/aiplat/config.json');
const ALL = Array.from({ length: LAST_UID - FIRST_UID + 1 }, (_, at) => FIRST_UID + at);

describe('what lives beside the gateway', () => {
  it('is every address of a subnet but its first two', () => {
    const parts = besideGateway('10.128.38.0/25').map(cidrRange);
    const addresses = parts.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n),
    );
    const { first, last } = cidrRange('10.128.38.0/25');
    expect(addresses).toEqual(Array.from({ length: last - first - 1 }, (_, n) => first + 2 + n));
  });
});

describe('every one of the 64,534 UIDs', () => {
  it('has an address and block that no other UID has', () => {
    const places = new Set(ALL.map((uid) => `${bindAddress(uid)}:${portBlock(uid).first}`));
    expect(ALL).toHaveLength(64_534);
    expect(places.size).toBe(64_534);
  });

  it('has a block of a hundred ports from 5000 to 32699', () => {
    const blocks = ALL.map(portBlock);
    expect(blocks.every(({ first, last }) => last === first + 99 && first % 100 === 0)).toBe(true);
    expect(Math.min(...blocks.map(({ first }) => first))).toBe(5000);
    expect(Math.max(...blocks.map(({ last }) => last))).toBe(32_699);
  });

  it('has a loopback address', () => {
    expect(ALL.every((uid) => /^127\.0\.\d{1,3}\.1$/.test(bindAddress(uid)))).toBe(true);
  });

  it('has a subnet that overlaps no other and lies in the pool', () => {
    const pool = cidrRange(POOL);
    let before = pool.first - 1;
    for (const uid of ALL) {
      const { first, last } = cidrRange(subnetOf(uid, POOL).cidr);
      if (first <= before || last - first !== 127 || last > pool.last) throw new Error(`UID ${uid} overlaps`);
      before = last;
    }
  });

  it('has an OpenClaw UID that no tenant has', () => {
    expect(ALL.some((uid) => isTenantUid(describeTenant(uid, host).openclawUid))).toBe(false);
  });

  it('finds itself among the UIDs of its block', () => {
    for (const uid of [1001, 1277, 1278, 40_000, 65_534]) {
      const others = uidsOfSameBlock(uid);
      expect(others).toContain(uid);
      expect(new Set(others.map((other) => portBlock(other).first)).size).toBe(1);
    }
  });
});

describe('the known values of the design', () => {
  it.each([
    [1001, '127.0.0.1', 5000, 5099, '10.128.0.0/25', '10.128.0.1'],
    [1002, '127.0.0.1', 5100, 5199, '10.128.0.128/25', '10.128.0.129'],
    [1278, '127.0.1.1', 5000, 5099, '10.128.138.128/25', '10.128.138.129'],
    [65_534, '127.0.232.1', 31_900, 31_999, '10.254.10.128/25', '10.254.10.129'],
  ])('hold for UID %i', (uid, address, first, last, cidr, gateway) => {
    expect(describeTenant(uid, host)).toMatchObject({
      name: `tenant-${uid}`,
      baseDir: `/mnt/data-tenant-${uid}`,
      domain: `tenant-${uid}.datasquiz.net`,
      network: `ai-platform-${uid}`,
      address,
      block: { first, last },
      subnet: { cidr, gateway },
    });
  });
});

describe('subnets', () => {
  it.each([
    ['10.0.0.0/25', '10.0.0.128/25', false],
    ['10.0.0.0/24', '10.0.0.128/25', true],
    ['10.0.0.128/25', '10.0.0.0/8', true],
    ['0.0.0.0/0', '255.255.255.255/32', true],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '300.0.0.0/8', 'fd00::/8', '', '10.0.0.0/26'])(
    '%j is no pool',
    (pool) => {
      expect(() => subnetOf(1001, pool)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );

  it('of a pool that ends before a UID are refused, with the numbers', () => {
    expect(() => subnetOf(65_534, '10.0.0.0/16')).toThrow(
      expect.objectContaining({ exitCode: 2, why: expect.stringContaining('512 subnets') }),
    );
  });
});
