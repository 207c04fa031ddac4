import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { docker, figure, inside, pidOf, until } from './inside.ts';

const REQUESTS = 40;
/** So much longer a request of alice may take while bob burns all that he may; far more would mean no wall. */
const MOST_TIMES = 20;
const BURN_SECONDS = 30;

/** Milliseconds that requests to alice's Caddy took, one after the other, the shortest first. */
async function latencies(): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < REQUESTS; n++) {
    const begin = performance.now();
    const answer = await fetch('http://127.0.0.1:5080/', { redirect: 'manual' });
    await answer.arrayBuffer();
    took.push(performance.now() - begin);
  }
  return took.sort((one, other) => one - other);
}

const at = (sorted: readonly number[], part: number): number =>
  Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN);

const row = (what: string, took: readonly number[]): string =>
  `| ${what} | ${at(took, 0.5)} ms | ${at(took, 0.95)} ms |`;

/** Microseconds of processor that all containers of a tenant have used. */
const used = (uid: number): number =>
  Number(
    /^usage_usec (\d+)$/m.exec(
      readFileSync(`/sys/fs/cgroup/aiplat.slice/aiplat-${uid}.slice/cpu.stat`, 'utf8'),
    )?.[1],
  );

const burn = (container: string, processes: number): void => {
  const line = `for (1..${processes}) { if (!fork) { alarm ${BURN_SECONDS}; 1 while 1 } }`;
  docker('exec', '-d', container, 'perl', '-e', line);
};

describe('a tenant who takes all that he may', () => {
  it("burns the processor and slows alice's requests by less than an order of magnitude or so", async () => {
    const quiet = await latencies();
    const before = used(1002);
    burn('caddy-tenant-1002', 8);
    burn('tenant-1002-chroma', 8);
    await until('bob burns', 20, () => used(1002) - before > 2_000_000);
    const loud = await latencies();
    figure('| requests to alice’s Caddy | half within | 95 % within |\n|---|---|---|');
    figure(row('alone', quiet));
    figure(row('while bob burns two processors with 16 processes', loud));
    assert.ok(
      at(loud, 0.5) < MOST_TIMES * Math.max(at(quiet, 0.5), 5),
      `${row('quiet', quiet)} ${row('loud', loud)}`,
    );
  });

  it('has, against a tenant who burns too, no more than about his share', async () => {
    burn('caddy-tenant-1002', 8);
    burn('tenant-1002-chroma', 8);
    burn('caddy-tenant-1001', 2);
    burn('tenant-1001-chroma', 2);
    await until('alice burns', 20, () => sleepers('caddy-tenant-1001') > 2);
    const [alice, bob] = [used(1001), used(1002)];
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const [more, his] = [used(1001) - alice, used(1002) - bob];
    const share = more / (more + his);
    figure(
      `alice with 4 busy processes has ${Math.round(share * 100)} % of what both got, bob with 16 the rest`,
    );
    assert.ok(share > 0.25, `alice got ${share}`);
  });

  it('and is stopped at his own limit of memory, while nothing of alice is', () => {
    const pid = pidOf('caddy-tenant-1001');
    inside('caddy-tenant-1002', 'perl -e \'$x = "a" x (600 * 1024 * 1024); print length $x\'');
    assert.equal(pidOf('caddy-tenant-1001'), pid);
  });
});

/** Processes in the control group of a container. */
function sleepers(container: string): number {
  const group = /^0::(.*)$/m.exec(readFileSync(`/proc/${pidOf(container)}/cgroup`, 'utf8'))?.[1];
  return Number(readFileSync(`/sys/fs/cgroup${group}/pids.current`, 'utf8'));
}
