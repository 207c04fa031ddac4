import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { defend, modes } from './attack.ts';
import { aiplat, type Ended, login, must, mustAiplat, prepareHost, sh } from './inside.ts';

// tenant-1001, whose user is alice, and tenant-1002, whose user is bob, run already: root deployed them.
const LAUNCHER = '/usr/local/sbin/aiplat';
const ENV_A = '/mnt/data-tenant-1001/config/.env';
const ENV_B = '/mnt/data-tenant-1002/config/.env';
const PWNED = '/tmp/pwned';

const bob = (line: string): Ended => login('bob', line);

function mustLogin(user: string, line: string): string {
  const { code, out, err } = login(user, line);
  assert.equal(code, 0, `${user}: ${line}\n${out}\n${err}`);
  return out;
}

before(() => {
  prepareHost();
  // The program of a hostile user: it writes down as whom it runs.
  writeFileSync('/tmp/evil.js', `require('fs').appendFileSync('${PWNED}', process.getuid() + '\\n');`);
  for (const name of ['nft', 'flock', 'docker', 'apparmor_parser', 'getent'])
    writeFileSync(`/tmp/${name}`, `#!/bin/sh\nid -u >>${PWNED}\n`, { mode: 0o755 });
});

after(() => rmSync(PWNED, { force: true }));

describe('an admin', () => {
  it('prepares the host in one command, and the second time there is nothing to do', () => {
    mustAiplat('host', 'init');
    assert.match(mustAiplat('host', 'init'), /Nothing to do/);
    must(sh('visudo -c'));
    assert.match(must(sh(`stat -c '%U %a' ${LAUNCHER} /etc/sudoers.d/aiplat`)), /root 755\nroot 440/);
  });

  it('has to admit a user before that user may do anything', () => {
    const { code, err } = login('alice', 'aiplat ops status');
    assert.equal(code, 3, err);
    assert.match(err, /no tenant of this host yet[\s\S]*sudo aiplat host admit 1001/);
  });

  it('admits one in one command', () => {
    mustAiplat('host', 'admit', 'alice');
    mustAiplat('host', 'admit', '1002');
    assert.match(mustAiplat('host', 'tenants'), /^tenant-1001 +alice .*\n^tenant-1002 +bob /m);
    assert.match(must(sh('cat /proc/sys/net/ipv4/ip_local_reserved_ports')), /^5000-5199$/m);
  });

  it('cannot make root of a tenant by mistake: a member of group docker is refused', () => {
    must(sh('usermod -aG docker carol'));
    const { code, err } = aiplat('host', 'admit', 'carol');
    assert.equal(code, 2);
    assert.match(err, /member of the group docker/);
    must(sh('gpasswd --delete carol docker'));
  });
});

describe('a tenant at a shell', () => {
  it('works on the own stack by typing aiplat and nothing else', () => {
    assert.match(mustLogin('alice', 'aiplat deploy'), /Nothing to do: tenant-1001/);
    assert.match(mustLogin('bob', 'aiplat ops status'), /caddy +running +healthy/);
    assert.match(
      mustLogin('alice', 'cd /tmp && mkdir gone && cd gone && rmdir ../gone && aiplat setup'),
      /Nothing to do/,
    );
  });

  it('has root work in a control group that no user can freeze', () => {
    assert.match(must(sh("stat -c '%U %a' /sys/fs/cgroup/aiplat-commands")), /^root 755/);
  });

  it('takes as long as root does, and a little for sudo', () => {
    const seconds = (work: () => void): string => {
      const since = Date.now();
      work();
      return ((Date.now() - since) / 1000).toFixed(1);
    };
    const times = [
      `deploy as alice ${seconds(() => mustLogin('alice', 'aiplat deploy'))} s`,
      `as root ${seconds(() => mustAiplat('deploy', '--tenant', 'tenant-1001'))} s`,
      `setup as alice ${seconds(() => mustLogin('alice', 'aiplat setup'))} s`,
      `as root ${seconds(() => mustAiplat('setup', '--tenant', 'tenant-1001'))} s`,
    ];
    appendFileSync('/dev/ttyS0', `… nothing to do: ${times.join(', ')}\n`);
  });

  it('edits the own .env, and a mistake in it is named', () => {
    must(login('bob', `echo NO_SUCH_KEY=1 >>${ENV_B}`));
    const { code, err } = bob('aiplat deploy');
    must(login('bob', `grep -v NO_SUCH ${ENV_B} >/tmp/bob.env && cat /tmp/bob.env >${ENV_B}`));
    assert.equal(code, 2);
    assert.match(err, /NO_SUCH_KEY: no such key/);
  });
});

describe('the boundary: bob, who is tenant-1002,', () => {
  const asRoot = (line: string): boolean => {
    rmSync(PWNED, { force: true });
    bob(line);
    return existsSync(PWNED) && readFileSync(PWNED, 'utf8').split('\n').includes('0');
  };
  const isDone = (line: string): boolean => bob(line).code === 0;
  const loose = {
    name: 'the sudo rule',
    remove: () =>
      writeFileSync('/etc/sudoers.d/zz-loose', `%aiplat ALL = (root) NOPASSWD: SETENV: ${LAUNCHER} *\n`),
    restore: () => rmSync('/etc/sudoers.d/zz-loose'),
  };
  defend([
    {
      what: "works on alice's stack by its name",
      succeeds: () => isDone('aiplat deploy --tenant tenant-1001'),
    },
    {
      what: "tears alice's stack down",
      succeeds: () => isDone('aiplat teardown --tenant tenant-1001 --dry-run'),
    },
    { what: 'works on all tenants', succeeds: () => isDone('aiplat verify --all') },
    { what: 'calls what is for admins', succeeds: () => isDone('aiplat host tenants') },
    { what: 'calls it through sudo himself', succeeds: () => isDone(`sudo -n ${LAUNCHER} host tenants`) },
    { what: 'calls sudo for another user', succeeds: () => isDone(`sudo -n -u alice ${LAUNCHER} setup`) },
    {
      what: 'calls another program through sudo',
      succeeds: () => isDone('sudo -n /opt/aiplat/bin/aiplat setup'),
    },
    {
      what: 'claims to be alice in the environment',
      succeeds: () => /tenant-1001/.test(bob('SUDO_UID=1001 aiplat ops status --json').out),
    },
    {
      what: 'has root load a module of his by NODE_OPTIONS',
      succeeds: () => asRoot('NODE_OPTIONS=--require=/tmp/evil.js aiplat ops status'),
    },
    {
      what: 'has sudo keep NODE_OPTIONS',
      succeeds: () => isDone(`NODE_OPTIONS=--no-warnings sudo -n -E ${LAUNCHER} setup --dry-run`),
      wall: loose,
    },
    {
      what: 'has sudo set NODE_OPTIONS',
      succeeds: () => isDone(`sudo -n NODE_OPTIONS=--no-warnings ${LAUNCHER} setup --dry-run`),
      wall: loose,
    },
    {
      what: 'has root load a module of his although sudo kept NODE_OPTIONS',
      succeeds: () => {
        loose.remove();
        try {
          return asRoot(`NODE_OPTIONS=--require=/tmp/evil.js sudo -n -E ${LAUNCHER} setup --dry-run`);
        } finally {
          loose.restore();
        }
      },
    },
    { what: 'has root run programs of his by PATH', succeeds: () => asRoot('PATH=/tmp:$PATH aiplat deploy') },
    {
      what: 'brings an engine of his own',
      succeeds: () => !isDone('DOCKER_HOST=tcp://127.0.0.1:1 aiplat ops status'),
    },
    {
      what: 'brings a host config of his own',
      succeeds: () => {
        writeFileSync('/tmp/mine.json', '{"dataRoot": "/tmp", "requireMount": false}');
        bob('AIPLAT_CONFIG=/tmp/mine.json aiplat setup');
        return existsSync('/tmp/data-tenant-1002');
      },
    },
    {
      what: 'has root write files that all can write',
      succeeds: () => {
        bob('umask 0; rm -f /tmp/x; aiplat setup; aiplat deploy');
        return (
          sh('find /var/lib/aiplat /etc/aiplat /mnt/data-tenant-1002 -perm -002 ! -type l | grep -q .')
            .code === 0
        );
      },
    },
    {
      what: 'smuggles a second argument through a line break',
      succeeds: () => isDone("aiplat ops logs 'caddy\n--tenant\ntenant-1001'"),
    },
    {
      what: 'climbs with the name of a service',
      succeeds: () => isDone('aiplat ops logs ../../tenant-1001/caddy'),
    },
    { what: 'changes the launcher', succeeds: () => isDone(`echo >>${LAUNCHER}`) },
    { what: 'changes his record', succeeds: () => isDone('echo >>/etc/aiplat/tenants/tenant-1002.json') },
    {
      what: "reads alice's record",
      succeeds: () => isDone('cat /etc/aiplat/tenants/tenant-1001.json'),
      wall: modes(
        'chmod 755 /etc/aiplat/tenants && chmod 644 /etc/aiplat/tenants/tenant-1001.json',
        'chmod 750 /etc/aiplat/tenants && chmod 600 /etc/aiplat/tenants/tenant-1001.json',
      ),
    },
  ]);
});

describe('a .env that is not what it should be', () => {
  const replaced = (line: string): { ended: Ended; seconds: number } => {
    must(sh(`cp -a ${ENV_B} /tmp/kept.env && rm ${ENV_B}`));
    try {
      must(sh(line));
      const since = Date.now();
      const ended = bob('aiplat deploy');
      return { ended, seconds: (Date.now() - since) / 1000 };
    } finally {
      must(sh(`rm -rf ${ENV_B} && cp -a /tmp/kept.env ${ENV_B}`));
    }
  };

  for (const [what, line] of [
    ['a link to a secret of the host', `ln -s /etc/shadow ${ENV_B}`],
    ["a link to alice's", `ln -s ${ENV_A} ${ENV_B}`],
    [
      "a hard link to somebody else's",
      `cp -a /tmp/kept.env /mnt/data-tenant-1002/other && ln /mnt/data-tenant-1002/other ${ENV_B}`,
    ],
    ['a pipe that nobody writes', `mkfifo ${ENV_B} && chown bob ${ENV_B}`],
    ['a device', `mknod ${ENV_B} c 1 5`],
    ['a directory', `mkdir ${ENV_B}`],
    ['larger than 64 KiB', `head -c 70000 /dev/zero | tr '\\0' '#' >${ENV_B} && chown bob ${ENV_B}`],
    ['of another user', `cp /tmp/kept.env ${ENV_B} && chown alice ${ENV_B}`],
  ] as const) {
    it(`${what} is refused at once, and nothing of it is shown`, () => {
      const { ended, seconds } = replaced(line);
      assert.equal(ended.code, 2, ended.err);
      assert.ok(seconds < 60, `${seconds} s`);
      assert.doesNotMatch(ended.out + ended.err, /root:|bug in aiplat|_PASSWORD=/);
    });
  }

  it('is as it was afterwards', () => {
    rmSync('/mnt/data-tenant-1002/other', { force: true });
    assert.equal(statSync(ENV_B).uid, 1002);
    assert.match(mustLogin('bob', 'aiplat deploy'), /Nothing to do/);
  });
});

describe('the audit log', () => {
  it('says who did what, and not what only looked', () => {
    const lines = readFileSync('/var/log/aiplat/audit.log', 'utf8').trimEnd().split('\n');
    const deeds = lines.map(
      (line) => JSON.parse(line) as { user: string; sudoUid?: number; command: string },
    );
    assert.ok(deeds.some(({ command }) => command === 'aiplat host admit alice'));
    assert.ok(!deeds.some(({ command }) => /ops status|--dry-run/.test(command)));
    must(login('alice', 'aiplat ops credentials'));
    const last = JSON.parse(
      readFileSync('/var/log/aiplat/audit.log', 'utf8').trimEnd().split('\n').at(-1) ?? '',
    ) as { user: string; sudoUid: number; showed: string[] };
    assert.deepEqual([last.user, last.sudoUid], ['alice', 1001]);
    assert.ok(last.showed.includes('POSTGRES_PASSWORD'), JSON.stringify(last));
    assert.notEqual(bob('cat /var/log/aiplat/audit.log').code, 0);
  });
});

describe('an admin who is no root', () => {
  it('works for any tenant through sudo, as a member of the admin group', () => {
    must(sh('usermod -aG aiplat-admin carol'));
    assert.match(mustLogin('carol', 'aiplat host tenants'), /tenant-1001/);
    assert.match(mustLogin('carol', 'aiplat deploy --tenant tenant-1002'), /Nothing to do/);
    must(sh('gpasswd --delete carol aiplat-admin'));
    assert.equal(login('carol', 'aiplat host tenants').code, 3);
  });
});
