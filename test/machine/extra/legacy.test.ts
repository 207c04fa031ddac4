import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defend } from '../attack.ts';
import { crossings } from '../crossings.ts';
import { labelOf, must, mustAiplat, pidOf, prepareHost, sh, until } from '../inside.ts';
import { areWell, withWorld } from '../world.ts';

/** Which iptables the engine writes its own rules with. */
function choose(kind: 'legacy' | 'nft'): void {
  must(sh('systemctl stop docker docker.socket'));
  // What the engine wrote by the other way would stay in force beside it.
  for (const program of ['iptables', 'ip6tables']) {
    const old = `${program}-${kind === 'legacy' ? 'nft' : 'legacy'}`;
    for (const table of ['filter', 'nat', 'raw']) sh(`${old} -t ${table} -F; ${old} -t ${table} -X`);
    sh(`${old} -P FORWARD ACCEPT`);
    must(sh(`update-alternatives --set ${program} /usr/sbin/${program}-${kind}`));
  }
  must(sh('systemctl start docker'));
}

withWorld();

before(() => {
  prepareHost();
  mustAiplat('setup', '--tenant', 'tenant-1001', '--services', 'caddy,prometheus', '--vector-db', 'chroma');
  mustAiplat('setup', '--tenant', 'tenant-1002', '--services', 'caddy', '--vector-db', 'chroma');
  mustAiplat('deploy', '--tenant', 'tenant-1001', '--only', 'caddy,prometheus', '--timeout', '600');
  mustAiplat('deploy', '--tenant', 'tenant-1002', '--only', 'caddy', '--timeout', '600');
});

describe('an engine that writes its rules with iptables-legacy', () => {
  before(async () => {
    choose('legacy');
    await until('every container is well again', 300, areWell);
  });
  after(() => choose('nft'));

  it('has them there, and the firewall of aiplat stands beside them', () => {
    assert.match(must(sh('iptables-legacy-save -t nat')), /aip-1001/);
    mustAiplat('deploy', '--tenant', 'tenant-1001', '--only', 'caddy,prometheus');
    mustAiplat('host', 'doctor');
    assert.equal(labelOf(pidOf('caddy-tenant-1001')), 'ai-platform-1001-caddy (enforce)');
  });
  defend(crossings());
});
