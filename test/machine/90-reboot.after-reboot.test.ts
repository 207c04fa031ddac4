import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { aiplat, docker, labelOf, must, mustAiplat, pidOf, prepareHost, sh, until } from './inside.ts';

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

  it('a volume that is not mounted is no reason to write elsewhere: exit 3', () => {
    const { code, err } = aiplat('deploy', '--tenant', 'tenant-1001');
    assert.equal(code, 3);
    assert.match(err, /no volume is mounted/);
  });

  it('with the volumes mounted one deploy brings all back, confined and limited', async () => {
    await until('the engine answers', 120, () => docker('info').code === 0);
    prepareHost();
    mustAiplat('deploy', '--tenant', 'tenant-1001', '--timeout', '600');
    assert.equal(labelOf(pidOf('caddy-tenant-1001')), 'ai-platform-1001-caddy (enforce)');
    mustAiplat('verify', '--tenant', 'tenant-1001');
  });

  it('a teardown takes the profiles, the limits and the place in the firewall', () => {
    mustAiplat('teardown', '--tenant', 'tenant-1001');
    const loaded = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8');
    assert.doesNotMatch(loaded, /ai-platform-(openclaw-)?1001/);
    assert.match(loaded, /ai-platform-1002/);
    assert.doesNotMatch(must(sh('nft list table inet aiplat')), /1001/);
    assert.notEqual(sh('test -e /etc/apparmor.d/aiplat-tenant-1001').code, 0);
    assert.notEqual(sh('test -e /etc/systemd/system/aiplat-1001.slice').code, 0);
    mustAiplat('teardown', '--tenant', 'tenant-1002');
    assert.notEqual(sh('nft list table inet aiplat').code, 0);
    assert.notEqual(sh('test -e /etc/systemd/system/aiplat-firewall.service').code, 0);
  });
});
