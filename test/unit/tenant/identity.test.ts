import { describe, expect, it } from 'vitest';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import {
  type Caller,
  describeTenant,
  identify,
  parseTenantName,
  uidOfDirectory,
} from '../../../src/tenant/identity.ts';

const refusal = expect.objectContaining({ exitCode: 2 });

describe('a tenant is refused', () => {
  it.each([1000, 0, 65_535, -1, 1001.5, Number.NaN])('with UID %s', (uid) => {
    expect(() => describeTenant(uid, parseHostConfig(undefined, ''))).toThrow(refusal);
  });

  it.each([
    'tenant-0999',
    'tenant-1000',
    'tenant-65535',
    'tenant-99999',
    'tenant-100100',
    'tenant-01001',
    'tenant-1001/../x',
    'tenant-1001/../tenant-1002',
    'Tenant-1001',
    'tenant_1001',
    ' tenant-1001',
    'tenant-1001\n',
    'tenant-１００１',
    'tenant-1001 tenant-1002',
    '1001',
    'tenant-',
    '',
  ])('under the name %j', (name) => {
    expect(() => parseTenantName(name)).toThrow(refusal);
  });
});

it.each([
  ['tenant-1001', 1001],
  ['tenant-9999', 9999],
  ['tenant-10011', 10_011],
  ['tenant-65534', 65_534],
])('%s is UID %i', (name, uid) => {
  expect(parseTenantName(name)).toBe(uid);
});

describe('a working directory', () => {
  it.each([
    ['/mnt/data-tenant-1001', 1001],
    ['/mnt/data-tenant-1001/config', 1001],
    ['/mnt/data-tenant-1001/data/data-tenant-1002', 1001],
    ['/mnt/data-tenant-10011', 10_011],
    ['/mnt/data-tenant-1001x', undefined],
    ['/mnt/data-tenant-0999', undefined],
    ['/mnt/data-tenant-65535', undefined],
    ['/mnt/x/data-tenant-1001', undefined],
    ['/mnt', undefined],
    ['/mntdata-tenant-1001', undefined],
    ['/', undefined],
  ])('%s means %s', (directory, uid) => {
    expect(uidOfDirectory(directory, '/mnt')).toBe(uid);
  });
});

describe('who is meant', () => {
  const caller = (facts: Partial<Caller>): Caller => ({
    uid: 0,
    sudoUid: undefined,
    isAdmin: false,
    isTenant: false,
    cwd: '/',
    ...facts,
  });

  it.each<[string, Partial<Caller>, string | undefined, number]>([
    ['a tenant is the own one', { uid: 1001 }, undefined, 1001],
    ['a tenant may say so', { uid: 1001 }, 'tenant-1001', 1001],
    [
      'a tenant stays the own one in another directory',
      { uid: 1001, cwd: '/mnt/data-tenant-1002' },
      undefined,
      1001,
    ],
    ['a forged SUDO_UID of a tenant counts nothing', { uid: 1001, sudoUid: 1002 }, undefined, 1001],
    ['a tenant behind sudo is the own one', { sudoUid: 1002, cwd: '/mnt/data-tenant-1001' }, undefined, 1002],
    ['an admin behind sudo names any', { sudoUid: 1005, isAdmin: true }, 'tenant-1002', 1002],
    [
      'an admin behind sudo stands in a directory',
      { sudoUid: 1005, isAdmin: true, cwd: '/mnt/data-tenant-1002/data' },
      undefined,
      1002,
    ],
    ['an admin behind sudo is a tenant too', { sudoUid: 1005, isAdmin: true }, undefined, 1005],
    ['a system user behind sudo names any', { sudoUid: 1000 }, 'tenant-1002', 1002],
    ['root names any', {}, 'tenant-65534', 65_534],
    ['root stands in a directory', { cwd: '/mnt/data-tenant-1003' }, undefined, 1003],
    ['the option counts more than the directory', { cwd: '/mnt/data-tenant-1003' }, 'tenant-1004', 1004],
  ])('%s', (_title, facts, option, uid) => {
    expect(identify(caller(facts), option, '/mnt')).toBe(uid);
  });

  it.each<[string, Partial<Caller>, string | undefined]>([
    ['a tenant who names another', { uid: 1001 }, 'tenant-1002'],
    ['a tenant behind sudo who names another', { sudoUid: 1001 }, 'tenant-1002'],
    ['a user who is no tenant', { uid: 1000 }, undefined],
    ['a user who is no tenant and names one', { uid: 1000 }, 'tenant-1001'],
    ['root who names nobody', {}, undefined],
    ['root who names nonsense', {}, 'tenant-1'],
  ])('refuses %s', (_title, facts, option) => {
    expect(() => identify(caller(facts), option, '/mnt')).toThrow(refusal);
  });
});
