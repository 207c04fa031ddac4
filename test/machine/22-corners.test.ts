import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Attack, asks, asksName, defend, firewall, type Wall } from './attack.ts';
import { ALICE, BOB, type Home, isolation } from './crossings.ts';
import { addressOf, as, docker, inside, labelOf, must, pidOf, sh } from './inside.ts';
import { HOST_PORT, withWorld } from './world.ts';

const CADDY = 'caddy-tenant-1002';

withWorld();

const fromB = (line: string): boolean => inside(CADDY, line).code === 0;
const rootInB = (line: string): boolean => inside(CADDY, line, '0').code === 0;
/** A line of the host's root in the network of a container: what an escape could do there. */
const inNetworkOf = (container: string, line: string): boolean =>
  sh(`nsenter -t ${pidOf(container)} -n ${line}`).code === 0;

describe('a container of bob in which the engine starts a program as root', () => {
  it('wears the profile all the same', () => {
    const label = must(inside(CADDY, 'cat /proc/self/attr/current', '0'))
      .replace(/\0/g, '')
      .trim();
    assert.equal(label, 'ai-platform-1002-caddy (enforce)');
    assert.equal(labelOf(pidOf(CADDY)), label);
  });
  const tries: readonly (readonly [string, string])[] = [
    ['reads /etc/shadow of the image', 'cat /etc/shadow'],
    ['writes into the image', 'touch /usr/bin/x'],
    ['mounts', 'mount -t tmpfs none /tmp'],
    ['writes settings of the network', 'echo 1 > /proc/sys/net/ipv4/ip_forward'],
    ['lifts the limits of its control group', 'echo max > /sys/fs/cgroup/pids.max'],
    ['takes its profile off', 'printf "changeprofile docker-default" > /proc/self/attr/current'],
    ['changes the owner of a file', 'touch /tmp/f && chown 1001 /tmp/f'],
    ['becomes another user', 'setpriv --reuid 1001 --clear-groups true'],
    ['changes its addresses', 'ip addr add 10.128.0.9/25 dev eth0'],
  ];
  defend(tries.map(([what, line]): Attack => ({ what, succeeds: () => rootInB(line) })));
});

describe('names: a container of bob asks the resolver of the engine', () => {
  const shared: Wall = {
    name: 'networks of their own',
    remove: () => must(docker('network', 'connect', 'ai-platform-1001', CADDY)),
    restore: () => must(docker('network', 'disconnect', 'ai-platform-1001', CADDY)),
  };
  defend([
    {
      what: 'for the plain name of her service',
      succeeds: () => fromB(asksName('prometheus')),
      wall: shared,
    },
    {
      what: 'for the name of her container',
      succeeds: () => fromB(asksName('caddy-tenant-1001')),
      wall: shared,
    },
    {
      what: 'for the name of her container with its network',
      succeeds: () => fromB(asksName('tenant-1001-prometheus.ai-platform-1001')),
      wall: shared,
    },
    {
      what: 'for the name that belongs to an address of hers',
      succeeds: () => fromB(asksName(addressOf('tenant-1001-prometheus'))),
      wall: shared,
    },
  ]);
});

/** Gives both networks IPv6, as an escape could: what is left is the firewall. */
function giveAddresses({ bridge }: Home, container: string, prefix: string): void {
  for (const line of [
    `sysctl -qw net.ipv6.conf.${bridge}.disable_ipv6=0`,
    `ip -6 addr replace ${prefix}::1/64 dev ${bridge} nodad`,
  ]) {
    must(sh(line));
  }
  for (const line of [
    'sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0',
    `ip -6 addr replace ${prefix}::2/64 dev eth0 nodad`,
    `ip -6 route replace default via ${prefix}::1`,
  ]) {
    assert.ok(inNetworkOf(container, line), line);
  }
}

describe('IPv6: a container of bob', () => {
  defend([
    {
      what: 'has an address of IPv6 at all',
      succeeds: () => fromB("grep -qv ' lo$' /proc/net/if_inet6"),
    },
    { what: 'reaches the host by IPv6', succeeds: () => fromB(asks(`'http://[fd00:a::1]:${HOST_PORT}/'`)) },
  ]);
});

describe('IPv6: a container of bob that gave it to itself', () => {
  before(() => {
    must(sh('sysctl -qw net.ipv6.conf.all.forwarding=1'));
    giveAddresses(ALICE, 'caddy-tenant-1001', 'fd00:a');
    giveAddresses(BOB, CADDY, 'fd00:b');
  });
  after(() => {
    for (const { bridge } of [ALICE, BOB]) sh(`ip -6 addr flush dev ${bridge} scope global`);
    sh('sysctl -qw net.ipv6.conf.all.forwarding=0');
    for (const container of [CADDY, 'caddy-tenant-1001']) {
      inNetworkOf(container, 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1');
    }
  });
  const ways = ['-i aip-1002 -o aip-1001', '-i aip-1001 -o aip-1002'];
  defend([
    {
      what: 'reaches a service of the host by his gateway',
      succeeds: () => inNetworkOf(CADDY, asks(`'http://[fd00:b::1]:${HOST_PORT}/'`)),
      wall: firewall,
    },
    {
      what: "reaches a service of the host by alice's gateway",
      succeeds: () => inNetworkOf(CADDY, asks(`'http://[fd00:a::1]:${HOST_PORT}/'`)),
      wall: firewall,
    },
    {
      what: "reaches alice's Caddy",
      succeeds: () => inNetworkOf(CADDY, asks("'http://[fd00:a::2]:5080/'")),
      wall: {
        name: isolation(BOB, ALICE).name,
        isAsBefore: true,
        remove: () => {
          firewall.remove();
          for (const way of ways) must(sh(`ip6tables -I FORWARD ${way} -j ACCEPT`));
        },
        restore: () => {
          for (const way of ways) must(sh(`ip6tables -D FORWARD ${way} -j ACCEPT`));
          firewall.restore();
        },
      },
    },
  ]);
});

describe('links: bob', () => {
  const protectedLinks: Wall = {
    name: 'fs.protected_hardlinks',
    remove: () => must(sh('sysctl -qw fs.protected_hardlinks=0')),
    restore: () => must(sh('sysctl -qw fs.protected_hardlinks=1')),
  };
  const links = (from: string, to: string): boolean => {
    const isLinked = as('bob', `ln ${from} ${to}`).code === 0;
    sh(`rm -f ${to}`);
    return isLinked;
  };
  const B = '/mnt/data-tenant-1002';
  defend([
    {
      what: 'puts a file of root into his data by a hard link',
      succeeds: () => links(`${B}/apparmor/profiles`, `${B}/data/caddy/x`),
      wall: protectedLinks,
    },
    {
      what: 'puts the passwords of the host into his home by a hard link',
      succeeds: () => links('/etc/shadow', '/home/bob/x'),
      wall: protectedLinks,
    },
    {
      what: "links alice's .env",
      succeeds: () => links('/mnt/data-tenant-1001/config/.env', '/mnt/data-tenant-1001/config/x'),
    },
  ]);
});
