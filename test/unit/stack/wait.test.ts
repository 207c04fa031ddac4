import { describe, expect, it } from 'vitest';
import type { ContainerCondition, FoundContainer } from '../../../src/host/docker.ts';
import { watchHealth } from '../../../src/stack/wait.ts';
import { FakeHost } from '../../fake/fake-host.ts';

const TIMEOUT_MS = 300_000;

/** What the engine's list says of a container, round after round; the last row stays. */
type Rows = readonly Partial<FoundContainer>[];

interface Watched {
  readonly host: FakeHost;
  /** So often the engine was asked. */
  readonly asked: () => number;
}

function watched(rows: Rows, condition: Partial<ContainerCondition> = {}): Watched {
  const host = new FakeHost();
  let asked = 0;
  host.docker.listContainers = async () => {
    const row = rows[Math.min(asked, rows.length - 1)];
    asked++;
    const bare = {
      image: '',
      labels: {},
      state: 'running',
      health: 'none',
      status: '',
      publishedPorts: [],
      networks: {},
      addresses: [],
    } as const;
    return row === undefined ? [] : ['a', 'b'].map((id) => ({ ...bare, name: id, ...row, id }));
  };
  host.docker.conditionOf = async () => ({
    state: 'running',
    exitCode: 0,
    outOfMemory: false,
    health: 'none',
    lastProbe: '',
    ...condition,
  });
  host.docker.logTail = async () => 'first line\nlast line\n';
  return { host, asked: () => asked };
}

/** How a wait ended, and how long it took. */
async function wait({ host }: Watched, timeoutMs = TIMEOUT_MS): Promise<{ ended: unknown; ms: number }> {
  const begin = host.clock.now().getTime();
  const ended = await watchHealth(host, {}, timeoutMs)
    .untilHealthy('a', 'tenant-1001-n8n')
    .then(
      () => 'well',
      (error: unknown) => error,
    );
  return { ended, ms: host.clock.now().getTime() - begin };
}

describe('a container', () => {
  it.each<[string, Rows]>([
    ['healthy', [{ health: 'starting' }, { health: 'healthy' }]],
    ['running, without a health check', [{ state: 'created' }, { health: 'none' }]],
    [
      'started again once by the engine',
      [{ state: 'restarting' }, { health: 'starting' }, { health: 'healthy' }],
    ],
  ])('that is %s is well', async (_title, rows) => {
    expect((await wait(watched(rows))).ended).toBe('well');
  });

  it.each<[string, Rows]>([
    ['ended', [{ state: 'exited' }]],
    ['dead', [{ state: 'dead' }]],
    ['gone', [{ health: 'starting' }, { state: 'exited' }]],
    ['started again over and over', [{ state: 'restarting' }]],
    [
      'up for a moment between many ends',
      Array.from(
        { length: 40 },
        (_, at): Partial<FoundContainer> => (at % 2 === 0 ? { state: 'restarting' } : { health: 'starting' }),
      ),
    ],
  ])('that is %s is given up long before the time is over: exit 4', async (_title, rows) => {
    const { ended, ms } = await wait(watched(rows));
    expect(ended).toMatchObject({ exitCode: 4, what: 'tenant-1001-n8n does not become healthy.' });
    expect(ms).toBeLessThan(10_000);
  });

  it('that is unhealthy is given up at once: exit 4', async () => {
    const { ended, ms } = await wait(watched([{ health: 'unhealthy' }]));
    expect(ended).toMatchObject({ exitCode: 4, what: 'tenant-1001-n8n does not become healthy.' });
    expect(ms).toBeLessThan(1000);
  });

  it('that is called unhealthy has the time that somebody allows beyond the usual', async () => {
    const rows: Rows = [...Array(100).fill({ health: 'unhealthy' }), { health: 'healthy' }];
    expect((await wait(watched(rows), 3 * TIMEOUT_MS)).ended).toBe('well');
    const { ended, ms } = await wait(watched([{ health: 'unhealthy' }]), 3 * TIMEOUT_MS);
    expect(ended).toMatchObject({ exitCode: 4 });
    expect(ms).toBeGreaterThanOrEqual(2 * TIMEOUT_MS);
    expect(ms).toBeLessThan(2 * TIMEOUT_MS + 1000);
  });

  it('that was removed meanwhile is given up', async () => {
    expect((await wait(watched([]))).ended).toMatchObject({ exitCode: 4 });
  });

  it('that is not well when the time is over is given up then, and more time is offered', async () => {
    const { ended, ms } = await wait(watched([{ health: 'starting' }]));
    expect(ended).toMatchObject({
      exitCode: 4,
      why: expect.stringContaining('It was not healthy after 300 s.'),
      fix: expect.stringContaining('--timeout'),
    });
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(ms).toBeLessThan(TIMEOUT_MS + 1000);
  });

  it.each<[Partial<ContainerCondition>, RegExp]>([
    [{ outOfMemory: true }, /used more memory than it may have/],
    [{ lastProbe: 'connection refused' }, /its health check fails: connection refused\./],
    [{ state: 'exited', exitCode: 137 }, /It is exited; its last exit code was 137\./],
  ])('in the condition %j is told as it is, with its last log lines', async (condition, why) => {
    const { ended } = await wait(watched([{ state: 'exited' }], condition));
    expect(ended).toMatchObject({ why: expect.stringMatching(why) });
    expect(ended).toMatchObject({ why: expect.stringContaining('\n  | first line\n  | last line') });
  });

  it('shares each look at the engine with all others that are waited for', async () => {
    const rows = [
      ...Array.from({ length: 9 }, () => ({ health: 'starting' as const })),
      { health: 'healthy' as const },
    ];
    const one = watched(rows);
    const watch = watchHealth(one.host, {}, TIMEOUT_MS);
    await Promise.all([watch.untilHealthy('a', 'a'), watch.untilHealthy('b', 'b')]);
    expect(one.asked()).toBe(rows.length);
  });

  it.each<[string, Rows, number]>([
    ['recovers', [{ health: 'unhealthy' }, { health: 'unhealthy' }, { health: 'healthy' }], 1_000],
    ['ends', [{ health: 'unhealthy' }, { state: 'exited', health: 'unhealthy' }], 1_000],
    ['stays as it is', [{ health: 'unhealthy' }], 60_000],
  ])(
    'that is unhealthy already is looked at until it %s, for one more health check at most',
    async (_title, rows, atMost) => {
      const { host } = watched(rows);
      const begin = host.clock.now().getTime();
      await watchHealth(host, {}, TIMEOUT_MS).untilLookedAtAgain('a');
      const ms = host.clock.now().getTime() - begin;
      expect(ms).toBeLessThan(atMost);
      expect(ms).toBeGreaterThan(atMost > 30_000 ? 30_000 : 0);
    },
  );
});
