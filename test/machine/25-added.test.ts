import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { asks, defend, firewall } from './attack.ts';
import {
  addressOf,
  aiplat,
  as,
  denials,
  docker,
  imageOf,
  inside,
  labelOf,
  must,
  mustAiplat,
  pidOf,
  sh,
} from './inside.ts';
import { withWorld } from './world.ts';

// A second Chroma for tenant-1001, from the image that this host has built.
const PAPERS = 'tenant-1001-papers';
const PROFILE = 'ai-platform-tenant-1001-papers';
const HEARTBEAT = 'http://127.0.0.1:5020/api/v2/heartbeat';

withWorld();
before(() => {
  const image = imageOf('tenant-1001-chroma');
  mustAiplat(
    ...['add-service', 'tenant-1001', 'papers', image, '8000', '--mount', '/data', '--timeout', '900'],
  );
});
after(() => {
  aiplat('remove-service', 'tenant-1001', 'papers', '--delete-data', '--confirm', 'tenant-1001');
});

describe('an added service', () => {
  it('wears a profile of its own, by the word of the kernel, and is refused nothing in normal use', () => {
    assert.equal(labelOf(pidOf(PAPERS)), `${PROFILE} (enforce)`);
    assert.equal(
      must(inside(PAPERS, 'cat /proc/self/attr/current')).replace(/\0/g, '').trim(),
      `${PROFILE} (enforce)`,
    );
    assert.deepEqual(
      denials().filter((line) => line.includes(PROFILE)),
      [],
    );
  });

  it('has its place in the firewall and in the slice of its tenant', () => {
    assert.match(must(sh('nft list table inet aiplat')), /127\.0\.0\.1 \. 5020 \. 1001/);
    assert.match(must(sh(`cat /proc/${pidOf(PAPERS)}/cgroup`)), /aiplat-1001\.slice/);
    assert.equal(as('alice', asks(HEARTBEAT)).code, 0);
  });

  it('is tried by verify with all others, and by status', () => {
    mustAiplat('verify', '--tenant', 'tenant-1001');
    assert.match(mustAiplat('ops', 'status', '--tenant', 'tenant-1001'), /^papers +running .* yes /m);
  });

  it('writes its data and nothing else, and runs nothing of what it wrote', () => {
    assert.equal(inside(PAPERS, 'touch /data/x').code, 0);
    for (const line of ['touch /usr/x', 'cat /etc/shadow', 'cp /bin/true /data/true && /data/true'])
      assert.notEqual(inside(PAPERS, line).code, 0, line);
    assert.ok(denials().some((line) => line.includes(PROFILE) && line.includes('/data/true')));
  });

  it('is not added by a tenant: exit 3, with what an admin has to type', () => {
    const { code, err } = as('alice', '/usr/local/bin/aiplat add-service tenant-1001 mine nginx:1.29.4 80');
    assert.equal(code, 3, err);
    assert.match(err, /sudo aiplat add-service tenant-1001 mine/);
  });
});

describe('an added service: across the walls', () => {
  defend([
    {
      what: "bob reaches alice's added service on loopback",
      succeeds: () => as('bob', asks(HEARTBEAT)).code === 0,
      wall: firewall,
    },
    {
      what: "bob reaches alice's added service by its container's address",
      succeeds: () => as('bob', asks(`http://${addressOf(PAPERS)}:8000/api/v2/heartbeat`)).code === 0,
      wall: firewall,
    },
  ]);
});

describe('an added service that is taken away', () => {
  it('leaves no profile, no port and no container, and its data', () => {
    mustAiplat('remove-service', 'tenant-1001', 'papers');
    assert.equal(docker('inspect', PAPERS).code, 1);
    assert.doesNotMatch(must(sh('cat /sys/kernel/security/apparmor/profiles')), new RegExp(PROFILE));
    assert.doesNotMatch(must(sh('nft list table inet aiplat')), /5020/);
    assert.ok(existsSync('/mnt/data-tenant-1001/data/papers/x'));
  });
});
