import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { asks } from './attack.ts';
import {
  aiplat,
  as,
  docker,
  labelOf,
  login,
  must,
  mustAiplat,
  mustAiplatTogether,
  pidOf,
  run,
  sh,
  until,
} from './inside.ts';
import { prepareThird, THIRD } from './third.ts';

describe('after a reboot', () => {
  it('profiles and firewall are in force before anything of aiplat ran', () => {
    assert.match(
      readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8'),
      /ai-platform-1001-caddy \(enforce\)/,
    );
    assert.match(must(sh('nft list table inet aiplat')), /127\.0\.0\.1 \. 5080 \. 1001/);
  });

  it('the firewall stood before the engine started its first container', () => {
    const at = (unit: string): number =>
      Number(must(sh(`systemctl show -p ActiveEnterTimestampMonotonic --value ${unit}`)).trim());
    assert.ok(at('aiplat-firewall.service') < at('docker.service'));
  });

  it('the volumes were mounted, closed for devices and setuid programs, before the engine began', () => {
    const begin = Number(
      must(sh('systemctl show -p ExecMainStartTimestampMonotonic --value docker.service')).trim(),
    );
    for (const tenant of ['1001', '1002']) {
      const unit = `mnt-data\\x2dtenant\\x2d${tenant}.mount`;
      const mounted = must(
        run('systemctl', ['show', '-p', 'ActiveEnterTimestampMonotonic', '--value', unit]),
      );
      assert.ok(Number(mounted.trim()) > 0 && Number(mounted.trim()) < begin, unit);
      const options = must(sh(`findmnt -no OPTIONS /mnt/data-tenant-${tenant}`));
      assert.match(options, /nosuid.*nodev|nodev.*nosuid/);
    }
  });

  it('a volume that is not mounted is no reason to write elsewhere: exit 3, and a setup mounts it', async () => {
    await until('the engine answers', 120, () => docker('info').code === 0);
    must(sh('docker ps -q --filter label=aiplat.tenant=tenant-1001 | xargs -r docker stop'));
    must(sh('umount /mnt/data-tenant-1001'));
    const { code, err } = aiplat('deploy', '--tenant', 'tenant-1001');
    assert.equal(code, 3);
    assert.match(err, /no volume is mounted[\s\S]*aiplat setup/);
    mustAiplat('setup', '--tenant', 'tenant-1001');
  });

  it('one deploy brings all back, confined and limited', async () => {
    prepareThird();
    await mustAiplatTogether(
      ['deploy', '--tenant', 'tenant-1001', '--timeout', '600'],
      ['deploy', '--tenant', THIRD, '--only', 'caddy', '--timeout', '600'],
    );
    assert.equal(labelOf(pidOf('caddy-tenant-1001')), 'ai-platform-1001-caddy (enforce)');
    mustAiplat('verify', '--tenant', 'tenant-1001');
  });

  it('a teardown takes the profiles, the limits and the place in the firewall', () => {
    mustAiplat('teardown', '--tenant', 'tenant-1001');
    const loaded = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8');
    assert.doesNotMatch(loaded, /ai-platform-1001\b/);
    assert.match(loaded, /ai-platform-1002/);
    assert.doesNotMatch(must(sh('nft list table inet aiplat')), /\b1001\b/);
    assert.notEqual(sh('test -e /etc/apparmor.d/aiplat-tenant-1001').code, 0);
    assert.notEqual(sh('test -e /etc/systemd/system/aiplat-1001.slice').code, 0);
  });

  it('and touches nothing of a tenant whose number begins with the same digits', () => {
    assert.equal(labelOf(pidOf(`caddy-${THIRD}`)), 'ai-platform-10011-caddy (enforce)');
    assert.match(must(sh('nft list table inet aiplat')), /127\.0\.32\.1 \. 19680 \. 10011/);
    assert.equal(sh('test -e /etc/apparmor.d/aiplat-tenant-10011').code, 0);
    assert.match(must(sh('systemctl is-active aiplat-10011.slice')), /^active/);
    assert.equal(as('dave', asks('http://127.0.32.1:19680/')).code, 0);
  });

  it('ports stay reserved, and a tenant works without root as before', () => {
    assert.match(must(sh('cat /proc/sys/net/ipv4/ip_local_reserved_ports')), /^5000-5199$/m);
    assert.match(must(login('bob', 'aiplat ops status')), /caddy +running +healthy/);
  });

  it('whoever leaves takes everything along but the data', () => {
    for (const tenant of ['alice', 'bob', THIRD]) mustAiplat('host', 'evict', tenant);
    assert.equal(must(sh('docker ps -aq --filter label=aiplat.tenant')), '');
    assert.doesNotMatch(readFileSync('/etc/fstab', 'utf8'), /data-tenant/);
    assert.doesNotMatch(must(sh('id -Gn alice')), /aiplat/);
    assert.equal(must(sh('cat /proc/sys/net/ipv4/ip_local_reserved_ports')).trim(), '');
    const table = must(sh('nft list table inet aiplat'));
    assert.doesNotMatch(table, /elements = \{ 127\./);
  });

  it('the host is as it was before aiplat came, but for the audit log', () => {
    mustAiplat('host', 'init', '--undo');
    for (const path of ['/usr/local/sbin/aiplat', '/etc/sudoers.d/aiplat', '/var/lib/aiplat'])
      assert.notEqual(sh(`test -e ${path}`).code, 0, path);
    assert.notEqual(sh('getent group aiplat').code, 0);
    assert.notEqual(sh('nft list table inet aiplat').code, 0);
    assert.notEqual(sh('test -e /etc/systemd/system/aiplat-firewall.service').code, 0);
    assert.notEqual(sh('systemctl is-enabled aiplat-renew-ssl.timer').code, 0);
    const lines = readFileSync('/var/log/aiplat/audit.log', 'utf8').trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { command: string; outcome: string };
    assert.deepEqual([last.command, last.outcome], ['aiplat host init --undo', 'done']);
  });
});
