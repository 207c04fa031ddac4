import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { as, deviceOf, docker, must, run, sh, until } from './inside.ts';

describe('the machine', () => {
  it('has a kernel that enforces AppArmor', () => {
    assert.equal(readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').trim(), 'Y');
    assert.match(readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8'), /\(enforce\)/);
  });

  it('has an engine with AppArmor and the embedded images', async () => {
    await until('the engine answers', 120, () => docker('info').code === 0);
    assert.match(docker('info', '--format', '{{.SecurityOptions}}').out, /apparmor/);
    assert.match(docker('images', '--format', '{{.Repository}}').out, /aiplat\/caddy/);
  });

  it('has two volumes with the serials of their maker', () => {
    assert.match(deviceOf('vol0123456789abcdef0'), /nvme/);
    assert.match(deviceOf('vol0fedcba9876543210'), /nvme/);
  });

  it('runs aiplat with its own Node.js', () => {
    assert.match(must(run('/usr/local/bin/aiplat', ['--version'])), /^\d+\.\d+\.\d+/);
  });

  it('has users without the engine', () => {
    assert.equal(as('alice', 'id -u').out.trim(), '1001');
    assert.doesNotMatch(sh('id -Gn alice').out, /docker/);
  });
});
