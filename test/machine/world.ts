import { after, before } from 'node:test';
import { asks, serve, serveAbstract } from './attack.ts';
import { docker, must, sh } from './inside.ts';

/** The world outside: one machine that is the internet, the cloud's metadata and a neighbour with a route. */
export const WORLD = '198.51.100.2';
/** Another address of the internet. */
export const FAR_WORLD = '203.0.113.9';
/** The host as the world sees it. */
export const HOST = '198.51.100.1';
/** Where a program of the host listens on all addresses. */
export const HOST_PORT = 7777;

const LINES = [
  'ip netns add world',
  'ip link add wan0 type veth peer name eth0 netns world',
  `ip addr add ${HOST}/24 dev wan0`,
  'ip link set wan0 up',
  `ip -n world addr add ${WORLD}/24 dev eth0`,
  `ip -n world addr add ${FAR_WORLD}/32 dev eth0`,
  'ip -n world addr add 169.254.169.254/32 dev eth0',
  'ip -n world link set eth0 up',
  'ip -n world link set lo up',
  `ip -n world route add 10.128.0.0/9 via ${HOST}`,
  `ip route replace default via ${WORLD}`,
  'sysctl -qw net.ipv4.ip_forward=1',
];

/** For the tests of one file: the world stands, and programs listen in it and on the host. */
export function withWorld(): void {
  const ends: (() => void)[] = [];
  before(() => {
    if (sh('test -e /run/netns/world').code !== 0) for (const line of LINES) must(sh(line));
    ends.push(serve('world', '0.0.0.0', 80, ['ip', 'netns', 'exec', 'world']));
    ends.push(serve('host', '::', HOST_PORT));
    ends.push(serveAbstract('aiplat-host'));
    for (const url of [`http://${WORLD}/`, `http://127.0.0.1:${HOST_PORT}/`]) mustAnswer(url);
  });
  after(() => {
    for (const end of ends) end();
  });
}

/** Waits without letting go: Node starts the hooks of a file side by side, and the next one may not come back for minutes. */
const mustAnswer = (url: string): unknown =>
  must(sh(`for i in $(seq 60); do ${asks(url)} && exit 0; sleep 1; done; exit 1`));

/** Does every container of every tenant run, and is it healthy? */
export const areWell = (): boolean => {
  const rows = docker('ps', '-a', '--filter', 'label=aiplat.tenant', '--format', '{{.Status}}').out.trim();
  return rows !== '' && rows.split('\n').every((row) => row.includes('(healthy)'));
};
