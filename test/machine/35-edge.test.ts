import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { as, must, mustAiplat, run, sh, until } from './inside.ts';
import { areWell } from './world.ts';

// tenant-1001 and tenant-1002 run; they are deployed again behind the edge, and once more without it.
const TENANTS = ['tenant-1001', 'tenant-1002'];
const deployAll = (): void => {
  for (const tenant of TENANTS) mustAiplat('deploy', '--tenant', tenant, '--timeout', '600');
};
/** The status of an answer to a request from the world's side, 000 when there is none. */
const status = (tenant: string, user?: string): string => {
  const name = `${tenant}.datasquiz.net`;
  const line = `curl -sk -o /dev/null -w '%{http_code}' --max-time 10 --resolve ${name}:443:127.0.0.1 https://${name}/`;
  return (user === undefined ? sh(line) : as(user, line)).out;
};

describe('the edge', () => {
  before(async () => {
    assert.equal(run('haproxy', ['-v']).code, 0);
    mustAiplat('host', 'edge', 'enable');
    deployAll();
    await until('every container is well', 300, areWell);
  });
  after(() => {
    mustAiplat('host', 'edge', 'disable');
    deployAll();
    assert.notEqual(run('getent', ['passwd', 'aiplat-edge']).code, 0);
    assert.notEqual(sh('systemctl is-active aiplat-edge').code, 0);
  });

  it('leads everybody to every tenant, through the firewall', () => {
    for (const tenant of TENANTS) assert.equal(status(tenant), '200');
    assert.match(must(sh('nft list set inet aiplat visitors')), /127\.0\.0\.1 \. 5043 \. \d+/);
  });

  it('starts with every boot and has no rights where it sees traffic', () => {
    assert.equal(must(sh('systemctl is-enabled aiplat-edge')).trim(), 'enabled');
    const worker = must(sh('pgrep -u aiplat-edge haproxy | head -n 1')).trim();
    assert.match(must(sh(`cat /proc/${worker}/status`)), /CapEff:\s0+\n[\s\S]*NoNewPrivs:\s1/);
    assert.equal(must(sh(`ls -A /proc/${worker}/root/`)).trim(), '');
  });

  it('reaches the Caddys alone: other ports of a tenant are closed to it', () => {
    const line = (port: number): string => `nc -z -w 3 127.0.0.1 ${port}`;
    assert.equal(as('aiplat-edge', line(5043)).code, 0);
    assert.notEqual(as('aiplat-edge', line(5000)).code, 0);
  });

  it('is back after it was killed', async () => {
    must(sh('systemctl kill --signal=KILL aiplat-edge'));
    await until('the edge answers', 30, () => status('tenant-1001') === '200');
  });
});
