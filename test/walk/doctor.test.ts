import { describe, expect, it } from 'vitest';
import { doctor } from '../../src/commands/host/doctor.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, freshMachine, succeed, volumeMachine } from '../fake/machines.ts';
import { CONFIG_PATH, runCommand } from '../fake/process.ts';

describe('the doctor', () => {
  it('finds a host well on which a tenant runs, says what is in force, and changes nothing', async () => {
    const { out, changes } = await succeed(await deployedMachine(), doctor);
    expect(changes).toEqual([]);
    expect(out).toMatch(/yes +AppArmor +engine 29\.5\.3 has it, the parser is there, \d+ profiles/);
    expect(out).toMatch(/yes +firewall +in force: table inet aiplat, \d+ published ports/);
    expect(out).toMatch(/yes +way out of containers +the internet/);
    expect(out).toContain('169.254.0.0/16');
  });

  it('finds a host well that has no tenant yet', async () => {
    await succeed(freshMachine(), doctor);
  });

  it.each<[string, (host: FakeHost) => void, RegExp]>([
    ['no AppArmor', ({ docker }) => (docker.engine = { ...docker.engine, securityOptions: [] }), /has none/],
    ['no parser', ({ apparmor }) => (apparmor.isParserThere = false), /the parser is missing/],
    ['no nft', ({ packetFilter }) => (packetFilter.isProgramThere = false), /nft is missing/],
    [
      'a flushed firewall',
      ({ packetFilter }) => (packetFilter.text = undefined),
      /is not what the kernel has/,
    ],
    [
      'a firewall that is switched off',
      ({ files }) => files.put(CONFIG_PATH, { text: '{"firewall": "off"}' }),
      /switched off/,
    ],
    [
      'an engine on the network',
      ({ sockets }) => sockets.programs.push({ address: '0.0.0.0', port: 2375, holder: 'dockerd (pid 1)' }),
      /dockerd \(pid 1\) listens on 0\.0\.0\.0:2375/,
    ],
  ])('names %s: exit 4', async (_what, plant, words) => {
    const host = await deployedMachine();
    plant(host);
    const { exit, err } = await runCommand(host, doctor);
    expect(exit).toBe(4);
    expect(err).toMatch(words);
  });

  it.each<[string, RegExp]>([
    ['"closed"', /way out of containers +none/],
    ['["203.0.113.0/24"]', /way out of containers +203\.0\.113\.0\/24/],
  ])('says which way out the host config leaves: %s', async (egress, words) => {
    const host = await deployedMachine();
    host.files.put(CONFIG_PATH, { text: `{"egress": ${egress}}` });
    expect((await runCommand(host, doctor)).out).toMatch(words);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['where none is known', {}, 'QEMU', /volumes +2 disks attached; no limit is known/],
    [
      'of the instance, shared with its network interface',
      {},
      'Amazon EC2',
      /volumes +2 disks attached; 25 more fit \(m5\.large takes 28/,
    ],
    ['of the host config', { volumeLimit: 3 }, 'Amazon EC2', /volumes +2 disks attached; 1 more fit/],
    [
      'of the host config that is passed',
      { volumeLimit: 1 },
      'QEMU',
      /volumes +2 disks attached; 0 more fit/,
    ],
  ])(
    'says how many volumes are attached and how many more fit by the limit %s',
    async (_title, config, vendor, words) => {
      const host = volumeMachine(config);
      host.files.put('/sys/class/dmi/id/sys_vendor', { text: `${vendor}\n` });
      host.files.put('/sys/class/dmi/id/product_name', { text: 'm5.large\n' });
      for (const path of ['eth0/device', 'lo', 'docker0']) host.files.put(`/sys/class/net/${path}`);
      host.disks.put('/dev/loop0', { kind: 'loop' });
      expect((await succeed(host, doctor)).out).toMatch(words);
    },
  );
});
