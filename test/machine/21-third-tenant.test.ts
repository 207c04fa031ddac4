import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { asks, defend, firewall, serveAs } from './attack.ts';
import { ALICE, DAVE, isolation } from './crossings.ts';
import { addressOf, as, docker, inside, labelOf, must, mustAiplat, pidOf, sh } from './inside.ts';
import { prepareThird, THIRD } from './third.ts';
import { withWorld } from './world.ts';

const CADDY = `caddy-${THIRD}`;
/** tenant-10011 has block 19600–19699 on 127.0.32.1. */
const PAGE = 'http://127.0.32.1:19680/';

withWorld();
before(() => {
  prepareThird();
  mustAiplat('setup', '--tenant', THIRD, '--services', 'caddy', '--vector-db', 'chroma');
  mustAiplat('deploy', '--tenant', THIRD, '--only', 'caddy', '--timeout', '600');
});

describe("a tenant whose number begins like alice's", () => {
  it('wears its own profile, lies in its own slice and has its own place in the firewall', () => {
    assert.equal(labelOf(pidOf(CADDY)), 'ai-platform-10011-caddy (enforce)');
    assert.match(readFileSync(`/proc/${pidOf(CADDY)}/cgroup`, 'utf8'), /aiplat-10011\.slice/);
    assert.match(must(sh('nft list table inet aiplat')), /127\.0\.32\.1 \. 19680 \. 10011/);
    assert.match(must(docker('port', CADDY)), /127\.0\.32\.1:19680/);
  });

  it('is served, and not counted among the containers of alice', () => {
    assert.equal(as('dave', asks(PAGE)).code, 0);
    const { services } = JSON.parse(mustAiplat('ops', 'status', '--tenant', 'tenant-1001', '--json'));
    assert.equal(services.filter(({ service }: { service: string }) => service === 'caddy').length, 1);
  });
});

describe("a tenant whose number begins like alice's: across the walls", () => {
  const prometheus = (): string => asks(`http://${addressOf('tenant-1001-prometheus')}:9090/-/ready`);
  defend([
    {
      what: "dave reaches alice's Caddy on loopback",
      succeeds: () => as('dave', asks('http://127.0.0.1:5080/')).code === 0,
      wall: firewall,
    },
    {
      what: "alice reaches dave's Caddy on his loopback address",
      succeeds: () => as('alice', asks(PAGE)).code === 0,
      wall: firewall,
    },
    {
      what: "alice reaches dave's Caddy by its container's address",
      succeeds: () => as('alice', asks(`http://${addressOf(CADDY)}:19680/`)).code === 0,
      wall: firewall,
    },
    {
      what: "a container of dave reaches alice's Prometheus",
      succeeds: () => inside(CADDY, prometheus()).code === 0,
      wall: isolation(DAVE, ALICE),
    },
    {
      what: "a container of alice reaches dave's Caddy",
      succeeds: () => inside('caddy-tenant-1001', asks(`http://${addressOf(CADDY)}:19680/`)).code === 0,
      wall: isolation(ALICE, DAVE),
    },
    {
      what: "dave reads alice's .env",
      succeeds: () => as('dave', 'cat /mnt/data-tenant-1001/config/.env').code === 0,
    },
  ]);
});

describe("a tenant whose service is down: alice serves on dave's address and port", () => {
  before(() => must(docker('stop', CADDY)));
  defend([
    {
      what: 'and dave gets her answer',
      succeeds: () => {
        const end = serveAs(1001, 'alice', '127.0.32.1', 19680);
        const { out } = as('dave', `curl -s --max-time 4 ${PAGE}`);
        end();
        return out === 'alice';
      },
      wall: firewall,
    },
  ]);
  it('and a deploy brings his service back', () => {
    mustAiplat('deploy', '--tenant', THIRD, '--only', 'caddy', '--timeout', '300');
    assert.equal(as('dave', asks(PAGE)).code, 0);
  });
});
