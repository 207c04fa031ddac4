import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, deployOf, setUpMachine, setupOf, succeed, teardownOf } from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const PROFILE = 'ai-platform-1001-n8n';

describe('a host without the means for a wall', () => {
  it.each<[string, (host: FakeHost) => void, RegExp]>([
    ['no parser', ({ apparmor }) => (apparmor.isParserThere = false), /apparmor_parser is not there/],
    ['a hidden securityfs', ({ apparmor }) => (apparmor.profiles = undefined), /AppArmor cannot be seen/],
    [
      'a profile in complain mode',
      ({ apparmor }) => apparmor.profiles?.set(PROFILE, 'complain'),
      /in mode complain/,
    ],
    ['no nft', ({ packetFilter }) => (packetFilter.isProgramThere = false), /The program nft is not there/],
  ])('(%s) is refused before anything is touched: exit 3', async (_what, plant, words) => {
    const host = await setUpMachine();
    plant(host);
    const before = snapshot(host);
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toMatch(words);
    expect(snapshot(host)).toEqual(before);
  });

  it('starts nothing when a load loses a profile and says that all is well: exit 1', async () => {
    const host = await setUpMachine();
    host.apparmor.lost.add(PROFILE);
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes.filter((change) => change.startsWith('start '))]).toEqual([1, []]);
    expect(err).toContain(`${PROFILE}: not in the kernel`);
    host.apparmor.lost.clear();
    await succeed(host, deployOf());
  });
});

describe('an engine that drops the profile of a container without a word', () => {
  it('has the container stopped: exit 4', async () => {
    const host = await setUpMachine();
    host.docker.containers.dropsProfiles = true;
    const { exit, err } = await runCommand(host, deployOf());
    expect(exit).toBe(4);
    expect(err).toContain('was not confined by AppArmor, and is stopped');
    expect(host.docker.containers.all.filter(({ state }) => state === 'running')).toEqual([]);
    host.docker.containers.dropsProfiles = false;
    await succeed(host, deployOf());
  });

  it('has the old container back when it was to be replaced', async () => {
    const host = await deployedMachine();
    await succeed(host, setupOf({ domain: 'ai.example.org' }));
    host.docker.containers.dropsProfiles = true;
    const { exit } = await runCommand(host, deployOf());
    expect(exit).toBe(4);
    host.docker.containers.dropsProfiles = false;
    await succeed(host, deployOf());
  });
});

describe('a wall that somebody took away', () => {
  it.each<[string, (host: FakeHost) => void, string[]]>([
    ['profile', ({ apparmor }) => apparmor.profiles?.delete(PROFILE), ['load profiles', 'restart container']],
    ['firewall', ({ packetFilter }) => (packetFilter.text = undefined), ['raise firewall']],
    ['limit', ({ slices }) => slices.all.clear(), ['set limits']],
    ['unit', ({ units }) => units.all.clear(), ['raise firewall']],
  ])('(%s) is put back by a deploy, and nothing else happens', async (_what, plant, steps) => {
    const host = await deployedMachine();
    const before = snapshot(host);
    plant(host);
    const { out } = await runCommand(host, deployOf({ dryRun: true }), { json: true });
    const { plan } = JSON.parse(out) as { plan: { do: string }[] };
    expect(plan.map((step) => step.do)).toEqual(steps);
    await succeed(host, deployOf());
    expect(snapshot(host)).toEqual(before);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });
});

describe('a profile that a service does not need any more', () => {
  it('is unloaded after its container is gone, also when the deploy was killed on the way', async () => {
    for (let n = 1, survived = false; !survived; n++) {
      const host = await deployedMachine();
      await succeed(host, setupOf({ services: ['caddy', 'prometheus', 'valkey'] }));
      host.startProcess();
      host.killAt(n, 'after');
      survived = (await goOn(host, deployOf())).exit !== 'killed';
      await succeed(host, deployOf());
      expect(host.apparmor.profiles?.has(PROFILE), `killed after change ${n}`).toBe(false);
      expect(host.apparmor.profiles?.has('ai-platform-1001-caddy')).toBe(true);
    }
  });
});

describe('a teardown', () => {
  it('leaves nothing of profiles, limits and firewall', async () => {
    const host = await deployedMachine();
    await succeed(host, teardownOf());
    expect([...(host.apparmor.profiles?.keys() ?? [])]).toEqual(['docker-default']);
    expect([host.slices.all.size, host.packetFilter.text, host.units.all.size]).toEqual([0, undefined, 0]);
    expect(host.files.below('/etc/apparmor.d')).toEqual(['/etc/apparmor.d']);
    expect(host.files.tree.has('/var/lib/aiplat/firewall.nft')).toBe(false);
  });
});

describe('the quota', () => {
  it('of a tenant is changed without touching a container', async () => {
    const host = await deployedMachine();
    host.files.put('/etc/aiplat/tenants/tenant-1001.json', { text: '{"quota": {"memoryMb": 16384}}' });
    expect((await succeed(host, deployOf())).changes).toEqual(['limit aiplat-1001.slice']);
    expect(host.slices.all.get('aiplat-1001.slice')).toMatchObject({
      memoryBytes: 16384 * 1024 ** 2,
      pids: 4096,
    });
  });
});
