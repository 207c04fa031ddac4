import { type Attack, asks, firewall, type Wall } from './attack.ts';
import { addressOf, as, inside, must, sh } from './inside.ts';
import { HOST_PORT } from './world.ts';

/** A tenant's bridge and the subnet of its containers. */
export interface Home {
  readonly bridge: string;
  readonly subnet: string;
}

export const ALICE: Home = { bridge: 'aip-1001', subnet: '10.128.0.0/25' };
export const BOB: Home = { bridge: 'aip-1002', subnet: '10.128.0.128/25' };
export const DAVE: Home = { bridge: 'aip-10011', subnet: '10.145.153.0/25' };

/** Both of the walls between two bridges; either one alone stops what crosses. */
export function isolation(from: Home, to: Home): Wall {
  const rules = [
    `FORWARD -i ${from.bridge} -o ${to.bridge} -j ACCEPT`,
    `FORWARD -i ${to.bridge} -o ${from.bridge} -j ACCEPT`,
    `POSTROUTING -t nat -s ${from.subnet} -d ${to.subnet} -j ACCEPT`,
    // Engines from 28 on drop there what is addressed to a container and comes from elsewhere, answers as well.
    `PREROUTING -t raw -d ${to.subnet} -j ACCEPT`,
    `PREROUTING -t raw -d ${from.subnet} -j ACCEPT`,
  ];
  return withRules("the firewall, and Docker's own isolation", rules);
}

/** For a neighbour of the host the second wall is there with engines from 28 on alone. */
export const unrouted = (to: Home): Wall =>
  withRules('the firewall, and what newer engines drop in the raw table', [
    `PREROUTING -t raw -d ${to.subnet} -j ACCEPT`,
    `FORWARD -o ${to.bridge} -j ACCEPT`,
  ]);

/** Without the firewall, and with these rules of iptables before all others. */
function withRules(name: string, rules: readonly string[]): Wall {
  return {
    name,
    isAsBefore: true,
    remove: () => {
      firewall.remove();
      for (const rule of rules) must(sh(`iptables -I ${rule}`));
    },
    restore: () => {
      for (const rule of rules) must(sh(`iptables -D ${rule}`));
      firewall.restore();
    },
  };
}

const prometheus = (): string => asks(`http://${addressOf('tenant-1001-prometheus')}:9090/-/ready`);

/** One attempt for every way from bob, his containers and the world to alice and the host. */
export const crossings = (): Attack[] => [
  {
    what: "a container of bob reaches alice's Prometheus by its address",
    succeeds: () => inside('caddy-tenant-1002', prometheus()).code === 0,
    wall: isolation(BOB, ALICE),
  },
  {
    what: 'a container of bob reaches a service of the host by his gateway',
    succeeds: () => inside('caddy-tenant-1002', asks(`http://10.128.0.129:${HOST_PORT}/`)).code === 0,
    wall: firewall,
  },
  {
    what: "a container of bob reaches the cloud's metadata",
    succeeds: () => inside('caddy-tenant-1002', asks('http://169.254.169.254/')).code === 0,
    wall: firewall,
  },
  {
    what: "bob reaches alice's Caddy on loopback",
    succeeds: () => as('bob', asks('http://127.0.0.1:5080/')).code === 0,
    wall: firewall,
  },
  {
    what: "bob reaches alice's Prometheus by its address",
    succeeds: () => as('bob', prometheus()).code === 0,
    wall: firewall,
  },
  {
    what: "a neighbour of the host reaches alice's Prometheus by its address",
    succeeds: () => sh(`ip netns exec world ${prometheus()}`).code === 0,
    wall: unrouted(ALICE),
  },
];
