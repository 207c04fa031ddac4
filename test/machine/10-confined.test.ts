import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { aiplat, denials, docker, inside, labelOf, must, mustAiplat, pidOf, sh } from './inside.ts';
import { deployTenants, SERVICES, setUpTenants } from './tenants.ts';

const nameOf = (tenant: string, service: string): string =>
  service === 'caddy' ? `caddy-${tenant}` : `${tenant}-${service}`;

before(setUpTenants);

describe('a deploy on a host with AppArmor', () => {
  it('brings up every service, beside another deploy, and a second one has nothing to do', async () => {
    await deployTenants();
    assert.match(mustAiplat('deploy', '--tenant', 'tenant-1001'), /Nothing to do/);
  });

  it('gives every process its own profile, by the word of the kernel', () => {
    for (const service of SERVICES) {
      const container = nameOf('tenant-1001', service);
      const profile = `ai-platform-1001-${service} (enforce)`;
      assert.equal(labelOf(pidOf(container)), profile);
      assert.equal(must(inside(container, 'cat /proc/self/attr/current')).replace(/\0/g, '').trim(), profile);
    }
  });

  it('is refused nothing in normal use', () => {
    assert.deepEqual(
      denials().filter((line) => line.includes('ai-platform-1001')),
      [],
    );
  });

  it('is shown by status', () => {
    const out = mustAiplat('ops', 'status', '--tenant', 'tenant-1001');
    assert.match(out, /confined/);
    assert.match(out, /together: \d+ MiB of 8192 MiB, \d+ of 4096 processes/);
  });

  it('puts every container of a tenant into its slice, with limits', () => {
    const group = '/sys/fs/cgroup/aiplat.slice/aiplat-1001.slice';
    assert.equal(readFileSync(`${group}/memory.max`, 'utf8').trim(), String(8192 * 1024 ** 2));
    assert.equal(readFileSync(`${group}/pids.max`, 'utf8').trim(), '4096');
    assert.match(readFileSync(`/proc/${pidOf('tenant-1001-valkey')}/cgroup`, 'utf8'), /aiplat-1001\.slice/);
  });

  it('writes its table of the firewall and has it loaded at boot', () => {
    const table = must(sh('nft list table inet aiplat'));
    assert.match(table, /127\.0\.0\.1 \. 5043 \. 1001/);
    assert.match(table, /127\.0\.0\.1 \. 5143 \. 1002/);
    assert.equal(sh('systemctl is-enabled aiplat-firewall.service').out.trim(), 'enabled');
  });

  it('is kept from the world: profiles are root-owned, and the tenant may read them', () => {
    assert.match(sh('ls -ln /etc/apparmor.d/aiplat-tenant-1001').out, /^-rw-r--r-- 1 0 0/);
    assert.match(sh('ls -ln /mnt/data-tenant-1001/apparmor/profiles').out, /^-rw-r----- 1 0 1001/);
  });
});

describe('a container that lost its profile', () => {
  it('is found by status (exit 4) and restarted by a deploy', () => {
    sh('echo "profile ai-platform-1001-valkey {}" | apparmor_parser -R');
    assert.equal(labelOf(pidOf('tenant-1001-valkey')), 'unconfined');
    const { code, err } = aiplat('ops', 'status', '--tenant', 'tenant-1001');
    assert.equal(code, 4);
    assert.match(err, /valkey: not confined by AppArmor, it wears unconfined/);
    mustAiplat('deploy', '--tenant', 'tenant-1001', '--timeout', '300');
    assert.equal(labelOf(pidOf('tenant-1001-valkey')), 'ai-platform-1001-valkey (enforce)');
  });

  it('in complain mode is refused: exit 3, nothing is started', () => {
    sh('aa-complain /etc/apparmor.d/aiplat-tenant-1001');
    docker('stop', 'tenant-1001-valkey');
    const { code, err } = aiplat('deploy', '--tenant', 'tenant-1001');
    assert.equal(code, 3, err);
    assert.match(err, /is in mode complain/);
    sh('aa-enforce /etc/apparmor.d/aiplat-tenant-1001');
    mustAiplat('deploy', '--tenant', 'tenant-1001', '--timeout', '300');
  });
});
