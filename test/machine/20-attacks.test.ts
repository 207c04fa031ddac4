import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { asks, asksName, defend, firewall, modes, profiled, serve, withEscaped } from './attack.ts';
import { ALICE, BOB, isolation, unrouted } from './crossings.ts';
import {
  addressOf,
  aiplat,
  as,
  docker,
  imageOf,
  inside,
  must,
  mustAiplat,
  pidOf,
  sh,
  until,
} from './inside.ts';
import { WORLD, withWorld } from './world.ts';

// tenant-1002, whose user is bob, attacks tenant-1001, whose user is alice. Both were deployed by the tests before.
const A = '/mnt/data-tenant-1001';
const B = '/mnt/data-tenant-1002';
/** Connects to a socket that has a name and no file. */
const ABSTRACT =
  'perl -MSocket -e \'socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, pack("S a*", 1, "\\0aiplat-host")) or exit 1\'';

let image = '';

withWorld();
before(() => {
  image = imageOf('caddy-tenant-1002');
});

const bob = (line: string): boolean => as('bob', line).code === 0;
const fromB = (line: string): boolean => inside('caddy-tenant-1002', line).code === 0;

describe('what has to work', () => {
  it('alice reaches her own Caddy, root too, and her containers each other and the internet', () => {
    assert.equal(as('alice', asks('http://127.0.0.1:5080/')).code, 0);
    assert.equal(sh(asks('http://127.0.0.1:5080/')).code, 0);
    assert.equal(inside('caddy-tenant-1001', asks('http://prometheus:9090/-/ready')).code, 0);
    assert.equal(inside('caddy-tenant-1001', asks(`http://${WORLD}/`)).code, 0);
    assert.equal(inside('caddy-tenant-1002', 'getent hosts chroma').code, 0);
    assert.equal(as('bob', ABSTRACT).code, 0);
    assert.equal(as('alice', `ls ${A}/data && cat ${A}/config/.env`).code, 0);
  });
});

describe('files: bob', () => {
  defend([
    {
      what: "reads alice's .env",
      succeeds: () => bob(`cat ${A}/config/.env`),
      wall: modes(
        `chmod 755 ${A} ${A}/config && chmod 644 ${A}/config/.env`,
        `chmod 750 ${A} ${A}/config && chmod 600 ${A}/config/.env`,
      ),
    },
    {
      what: "lists alice's data",
      succeeds: () => bob(`ls ${A}/data`),
      wall: modes(`chmod 755 ${A} ${A}/data`, `chmod 750 ${A} ${A}/data`),
    },
    {
      what: "reads alice's database files when all above them is open",
      succeeds: () => sh(`chmod 755 ${A} ${A}/data`) && bob(`ls ${A}/data/postgres`),
      wall: modes(`chmod 755 ${A}/data/postgres`, `chmod 700 ${A}/data/postgres`),
    },
    { what: "writes into alice's certificates", succeeds: () => bob(`touch ${A}/ssl/certs/x`) },
    {
      what: 'puts a link in the place of a data directory of his own',
      succeeds: () => bob(`mv ${B}/data/caddy ${B}/data/away && mv ${B}/data/away ${B}/data/caddy`),
      wall: modes(`chown 1002 ${B}/data`, `chown 0 ${B}/data`),
    },
    {
      what: 'puts a link in the place of his .env',
      succeeds: () => bob(`ln -sf /etc/shadow ${B}/config/.env`),
    },
    { what: 'changes his profiles', succeeds: () => bob(`echo x >> ${B}/apparmor/profiles`) },
    {
      what: "reads alice's rendered secrets in aiplat's own state",
      succeeds: () => bob('cat /var/lib/aiplat/tenants/tenant-1001/rendered/*/*/secrets/*'),
    },
    {
      what: "reads the firewall's entries",
      succeeds: () => bob('cat /var/lib/aiplat/tenants/*/firewall.json'),
    },
    { what: "writes aiplat's state", succeeds: () => bob('touch /var/lib/aiplat/x') },
    { what: "writes the host's config", succeeds: () => bob('echo {} > /etc/aiplat/config.json') },
  ]);
  after(() => sh(`chmod 750 ${A} ${A}/data`));
});

describe('the .env of bob', () => {
  const edited = (from: RegExp, to: string): boolean => {
    const path = `${B}/config/.env`;
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, good.replace(from, to));
    try {
      const { code } = aiplat('deploy', '--tenant', 'tenant-1002', '--dry-run');
      return code !== 2;
    } finally {
      writeFileSync(path, good);
    }
  };
  defend([
    {
      what: 'runs a command as root',
      succeeds: () =>
        edited(/^DOMAIN_NAME=.*$/m, 'DOMAIN_NAME=$(touch /tmp/pwned)') || sh('test -e /tmp/pwned').code === 0,
    },
    {
      what: 'claims the UID of alice',
      succeeds: () => edited(/^STACK_USER_UID=.*$/m, 'STACK_USER_UID=1001'),
    },
    { what: 'claims the directory of alice', succeeds: () => edited(/^BASE_DIR=.*$/m, `BASE_DIR=${A}`) },
    { what: 'claims a port of alice', succeeds: () => edited(/^N8N_PORT=.*$/m, 'N8N_PORT=5002') },
    {
      what: 'claims the network of alice',
      succeeds: () => edited(/^DOCKER_NETWORK=.*$/m, 'DOCKER_NETWORK=ai-platform-1001'),
    },
    {
      what: 'breaks out of a line of the Caddyfile',
      succeeds: () => edited(/^DOMAIN_NAME=.*$/m, 'DOMAIN_NAME="x {\\n}"'),
    },
    { what: 'claims to be root', succeeds: () => edited(/^STACK_USER_UID=.*$/m, 'STACK_USER_UID=0') },
  ]);
});

describe('the network: a container of bob', () => {
  defend([
    {
      what: "reaches alice's Prometheus by its address",
      succeeds: () => fromB(asks(`http://${addressOf('tenant-1001-prometheus')}:9090/-/ready`)),
      wall: isolation(BOB, ALICE),
    },
    {
      what: "reaches alice's Chroma, which is not published",
      succeeds: () => fromB(asks(`http://${addressOf('tenant-1001-chroma')}:8000/api/v2/heartbeat`)),
      wall: isolation(BOB, ALICE),
    },
    {
      what: "reaches alice's Caddy by his gateway",
      succeeds: () => fromB(asks('http://10.128.0.129:5080/')),
    },
    { what: "reaches alice's Caddy by her gateway", succeeds: () => fromB(asks('http://10.128.0.1:5080/')) },
    {
      what: "reaches alice's Caddy by the host's address",
      succeeds: () => fromB(asks('http://198.51.100.1:5080/')),
    },
    {
      what: 'reaches a service of the host by his gateway',
      succeeds: () => fromB(asks('http://10.128.0.129:7777/')),
      wall: firewall,
    },
    {
      what: 'reaches a service of the host by its outer address',
      succeeds: () => fromB(asks('http://198.51.100.1:7777/')),
      wall: firewall,
    },
    {
      what: "reaches the cloud's metadata",
      succeeds: () => fromB(asks('http://169.254.169.254/latest/meta-data/')),
      wall: firewall,
    },
    { what: "reaches the cloud's metadata by IPv6", succeeds: () => fromB(asks('http://[fd00:ec2::254]/')) },
    {
      what: "finds alice's containers by name",
      succeeds: () => fromB(asksName('tenant-1001-prometheus')),
    },
    {
      what: 'opens a raw socket',
      succeeds: () => fromB('perl -MSocket -e "socket(S, PF_INET, SOCK_RAW, 1) or exit 1"'),
    },
    { what: 'opens a packet socket', succeeds: () => fromB('perl -e "socket(S, 17, 3, 768) or exit 1"') },
    {
      what: 'reaches an abstract socket of the host',
      succeeds: () => fromB(ABSTRACT),
    },
  ]);
});

describe('the network: bob at a shell of the host', () => {
  defend([
    {
      what: "reaches alice's Caddy on loopback",
      succeeds: () => bob(asks('http://127.0.0.1:5080/')),
      wall: firewall,
    },
    {
      what: "reaches alice's Prometheus on loopback",
      succeeds: () => bob(asks('http://127.0.0.1:5000/-/ready')),
      wall: firewall,
    },
    {
      what: "reaches alice's Chroma by its address",
      succeeds: () => bob(asks(`http://${addressOf('tenant-1001-chroma')}:8000/api/v2/heartbeat`)),
      wall: firewall,
    },
    {
      what: "reaches the cloud's metadata",
      succeeds: () => bob(asks('http://169.254.169.254/')),
      wall: firewall,
    },
    {
      what: "is, as somebody who is no tenant at all, at alice's Caddy",
      succeeds: () => as('carol', asks('http://127.0.0.1:5080/')).code === 0,
      wall: firewall,
    },
    { what: 'changes the firewall', succeeds: () => bob('/usr/sbin/nft delete table inet aiplat') },
    {
      what: 'uses the engine',
      succeeds: () => bob('docker ps'),
      wall: {
        name: 'staying out of group docker',
        remove: () => must(sh('chmod 666 /var/run/docker.sock')),
        restore: () => must(sh('chmod 660 /var/run/docker.sock')),
      },
    },
    { what: "works on alice's stack with aiplat", succeeds: () => bob('aiplat deploy --tenant tenant-1001') },
    {
      what: 'names a tenant that is none',
      succeeds: () => bob('aiplat ops status --tenant tenant-1001/../x'),
    },
    {
      what: 'brings a host config of his own',
      succeeds: () =>
        bob(
          'echo \'{"dataRoot": "/tmp"}\' > /tmp/c.json; AIPLAT_CONFIG=/tmp/c.json aiplat setup --tenant tenant-1001',
        ),
    },
  ]);

  it("cannot serve on alice's port while her service is down", async () => {
    docker('stop', 'tenant-1001-prometheus');
    const end = serve('bob', '127.0.0.1', 5000, [
      'setpriv',
      '--reuid',
      '1002',
      '--regid',
      '1002',
      '--clear-groups',
    ]);
    const isServed = (): boolean => as('alice', 'curl -s --max-time 4 http://127.0.0.1:5000/').out === 'bob';
    try {
      await until('bob listens', 30, () => sh('ss -ltn').out.includes('127.0.0.1:5000'));
      assert.equal(isServed(), false);
      firewall.remove();
      assert.equal(isServed(), true);
    } finally {
      firewall.restore();
      end();
    }
    mustAiplat('deploy', '--tenant', 'tenant-1001', '--timeout', '300');
  });
});

describe('the network: a neighbour of the host with a route', () => {
  const world = (line: string): boolean => sh(`ip netns exec world ${line}`).code === 0;
  defend([
    {
      what: "reaches alice's Prometheus by its address",
      succeeds: () => world(asks(`http://${addressOf('tenant-1001-prometheus')}:9090/-/ready`)),
      wall: unrouted(ALICE),
    },
    {
      what: "reaches alice's Caddy by the host's address",
      succeeds: () => world(asks('http://198.51.100.1:5080/')),
    },
  ]);
});

/** What the kernel counts against the limit, zombies and threads included. */
function processesOf(container: string): number {
  const group = /^0::(.*)$/m.exec(readFileSync(`/proc/${pidOf(container)}/cgroup`, 'utf8'))?.[1];
  return Number(readFileSync(`/sys/fs/cgroup${group}/pids.current`, 'utf8'));
}

describe('processes: bob', () => {
  const pid = (): number => pidOf('tenant-1001-postgres');
  defend([
    { what: "signals alice's database", succeeds: () => bob(`kill -0 ${pid()}`) },
    { what: "reads the environment of alice's database", succeeds: () => bob(`cat /proc/${pid()}/environ`) },
    { what: "reaches through /proc into alice's container", succeeds: () => bob(`ls /proc/${pid()}/root/`) },
    { what: "sees alice's processes out of a container", succeeds: () => fromB(`test -d /proc/${pid()}`) },
    { what: 'mounts in a container', succeeds: () => fromB('mount -t tmpfs none /tmp') },
    { what: 'makes a user namespace in a container', succeeds: () => fromB('unshare -U true') },
    { what: 'makes a device in a container', succeeds: () => fromB('mknod /tmp/sda b 8 0') },
    { what: 'writes into the image', succeeds: () => fromB('touch /usr/bin/x') },
    {
      what: 'runs a program out of a scratch directory',
      succeeds: () => fromB('cp /bin/true /tmp/t && /tmp/t'),
    },
    { what: 'reads /etc/shadow of the image', succeeds: () => fromB('cat /etc/shadow') },
    { what: 'changes a setting of the kernel', succeeds: () => fromB('echo 1 > /proc/sys/kernel/panic') },
    {
      what: 'starts more processes than one service may have',
      succeeds: () => {
        const before = processesOf('caddy-tenant-1002');
        const bomb = 'for (1..300) { my $p = fork; last if !defined $p; if ($p == 0) { sleep 30; exit } }';
        inside('caddy-tenant-1002', `perl -e '${bomb}' >/dev/null 2>&1`);
        const most = processesOf('caddy-tenant-1002');
        assert.ok(most > before + 50, `only ${most - before} were started: that proves nothing`);
        return most > 128;
      },
    },
    {
      what: 'leaves dead processes behind that fill the room of its service for ever',
      succeeds: () => {
        sh('sleep 35');
        return processesOf('caddy-tenant-1002') > 40;
      },
    },
    {
      what: 'takes more memory than one service may have',
      succeeds: () => fromB('perl -e \'$x = "a" x (600 * 1024 * 1024); print length $x\''),
    },
  ]);
});

describe('an escape: a container of bob that became root with all rights', () => {
  const database = (): number => pidOf('tenant-1001-postgres');
  withEscaped(() => image, ['-v', `${A}:${A}:ro`, '-v', '/:/host:ro']);
  defend([
    profiled('mounts', 'mount -t tmpfs none /opt && umount /opt'),
    profiled('reads /etc/shadow', 'cat /etc/shadow'),
    profiled('writes settings of the kernel', 'cat /proc/sys/kernel/panic > /proc/sys/kernel/panic'),
    profiled(
      'writes settings of the network',
      'cat /proc/sys/net/ipv4/ip_forward > /proc/sys/net/ipv4/ip_forward',
    ),
    profiled('opens a raw socket', 'perl -MSocket -e "socket(S, PF_INET, SOCK_RAW, 1) or exit 1"'),
    profiled('opens a packet socket', 'perl -e "socket(S, 17, 3, 768) or exit 1"'),
    profiled("signals alice's database", () => `kill -0 ${database()}`),
    profiled("reads the environment of alice's database", () => `cat /proc/${database()}/environ`),
    profiled("reads alice's data, mounted at its own place", `ls ${A}/config`),
    profiled("reads the host's files, mounted at /host", 'ls /host/etc'),
    profiled('writes into the image', 'touch /usr/bin/x'),
    profiled('runs a program out of a scratch directory', 'cp /bin/true /tmp/t && /tmp/t'),
    profiled(
      'writes the limits of its tenant',
      'mount -o remount,rw /sys/fs/cgroup && cd /sys/fs/cgroup/aiplat.slice/aiplat-1002.slice && v=$(cat pids.max) && echo $v > pids.max',
    ),
    profiled(
      'has the kernel start a program of its own by release_agent',
      'mkdir -p /tmp/g && mount -t cgroup -o none,name=escape cgroup /tmp/g && echo /bin/true > /tmp/g/release_agent',
    ),
    profiled('takes its profile off', 'printf "changeprofile docker-default" > /proc/self/attr/current'),
  ]);
});

describe('aiplat verify', () => {
  it('holds on both, and finds a firewall that somebody took away: exit 4', () => {
    mustAiplat('verify', '--tenant', 'tenant-1001');
    mustAiplat('verify', '--tenant', 'tenant-1002', '--against', 'tenant-1001');
    firewall.remove();
    const { code, err } = aiplat('verify', '--tenant', 'tenant-1002');
    assert.equal(code, 4, err);
    assert.match(err, /the firewall is in force: not in the kernel/);
    assert.match(err, /by another user of the host: 127\.0\.0\.1:5143 is open/);
    mustAiplat('deploy', '--tenant', 'tenant-1002', '--timeout', '300');
    mustAiplat('verify', '--tenant', 'tenant-1002');
  });

  it('finds a container that was started beside aiplat on the tenant network', () => {
    must(
      docker(
        'run',
        '-d',
        '--name',
        'stranger',
        '--network',
        'ai-platform-1002',
        '--entrypoint',
        'sleep',
        image,
        '600',
      ),
    );
    const { code, err } = aiplat('verify', '--tenant', 'tenant-1002');
    docker('rm', '-f', 'stranger');
    assert.equal(code, 4);
    assert.match(err, /nobody else is on ai-platform-1002: stranger is/);
  });
});
