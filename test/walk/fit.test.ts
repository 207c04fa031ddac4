import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/catalog.ts';
import { demandOf } from '../../src/stack/fit.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  deployedMachine,
  deployOf,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  volumeMachine,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const QUOTA = { cpuWeight: 100, ioWeight: 100, memoryMb: 200, pids: 4096 };
const fillMemory = (host: FakeHost): void => {
  host.meters.machine = { totalBytes: 8e9, availableBytes: 100e6 };
};
const fillDisk = (host: FakeHost): void => {
  host.files.room = { totalBytes: 10e9, usedBytes: 9.99e9 };
};

describe('a setup', () => {
  it('says beforehand what the selection takes, and what quota, host and volume have', async () => {
    const { out } = await succeed(freshMachine(), setupOf({ services: ['caddy', 'n8n'] }));
    expect(out).toMatch(
      /^memory +about \d+ MB at rest, \d+ MB at most; quota 8589 MB, host 64000 MB with 60000 MB free$/m,
    );
    expect(out).toMatch(/^disk +about \d+ MB to begin with, free on the volume: 9000 MB; \d+ MB of images/m);
  });

  it('does not say how much is free on a volume that is not made yet', async () => {
    const { out } = await succeed(volumeMachine(), setupOf({ services: ['caddy'] }));
    expect(out).toContain('free on the volume: not known yet');
  });

  it.each<[string, FakeHost, (host: FakeHost) => void, number, RegExp]>([
    [
      'is larger than the quota',
      freshMachine({ quota: QUOTA }),
      () => undefined,
      2,
      /more memory than the tenant may have.*n8n \d+.*quota is 209 MB/s,
    ],
    [
      'the host has no memory for',
      freshMachine(),
      fillMemory,
      3,
      /not enough memory of this host.*100 MB are free/s,
    ],
    ['the disk has no room for', freshMachine(), fillDisk, 3, /not enough room.*10 MB are free/s],
  ])('refuses a selection that %s, and touches nothing', async (_what, host, fill, code, words) => {
    fill(host);
    const { exit, err, changes } = await runCommand(host, setupOf({ services: ['caddy', 'n8n'] }));
    expect(exit).toBe(code);
    expect(err).toMatch(words);
    expect(err).toContain('--force');
    expect(changes).toEqual([]);
  });

  it('goes on with --force, and says what it thinks of that', async () => {
    const host = freshMachine({ quota: QUOTA });
    const { err } = await succeed(host, setupOf({ services: ['caddy', 'n8n'], force: true }));
    expect(err).toMatch(/^! tenant-1001: these services need more memory/m);
  });
});

describe('a deploy', () => {
  it('refuses what the host has no memory for, unless somebody insists', async () => {
    const host = await setUpMachine();
    fillMemory(host);
    const { exit, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    await succeed(host, deployOf({ force: true }));
  });

  it('counts what runs already as part of what is used', async () => {
    const host = await deployedMachine();
    fillMemory(host);
    editEnv(host, { DOMAIN_NAME: 'ai.example.org' });
    host.files.put('/mnt/data-tenant-1001/ssl/certs/ai.example.org');
    await succeed(host, deployOf());
  });

  it('asks nothing when it has nothing to do', async () => {
    const host = await deployedMachine();
    fillMemory(host);
    const { out } = await succeed(host, deployOf());
    expect(out).toContain('Nothing to do');
  });
});

describe('what a service takes', () => {
  it.each([...catalog.values()])('$name at rest is not more than it may have', (entry) => {
    const { memoryMb, mostMb } = demandOf(entry);
    expect(memoryMb).toBeLessThanOrEqual(mostMb);
  });
});
