import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AiplatError } from '../../../src/errors.ts';
import { apply, type Outcome, outcomeError } from '../../../src/stack/apply.ts';
import type { Step } from '../../../src/stack/step.ts';
import { watchHealth } from '../../../src/stack/wait.ts';
import { FakeHost } from '../../fake/fake-host.ts';

/** A step that takes two seconds of the fake machine, and fails when its image is in no registry. */
const step = (id: string, ...needs: string[]): Step => ({
  id,
  do: 'pull image',
  target: id,
  why: 'not on this host',
  needs,
});

interface Span {
  readonly from: number;
  to: number;
}

interface Run {
  readonly outcome: Outcome;
  readonly spans: ReadonlyMap<string, Span>;
  /** Step → the step because of which it was left out. */
  readonly because: ReadonlyMap<string, string>;
}

async function run(steps: readonly Step[], broken: readonly string[] = [], sideBySide = 100): Promise<Run> {
  const host = new FakeHost();
  for (const id of broken) host.docker.images.unknown.add(id);
  const spans = new Map<string, Span>();
  const because = new Map<string, string>();
  const now = (): number => host.clock.now().getTime();
  const settle = ({ id }: Step): void => {
    const span = spans.get(id);
    if (span !== undefined) span.to = now();
  };
  const outcome = await apply(
    steps,
    { host, watch: watchHealth(host, {}, 0), wait: false, sideBySide },
    {
      started: ({ id }) => spans.set(id, { from: now(), to: Number.NaN }),
      noted() {},
      succeeded: settle,
      failed: settle,
      skipped: ({ id }, reason) => because.set(id, reason),
    },
  );
  return { outcome, spans, because };
}

const idsOf = (steps: readonly Step[]): string[] => steps.map(({ id }) => id).sort();

/** Plans without rings, in any order, some steps of which fail. */
const plans = fc
  .array(
    fc.record({ needs: fc.array(fc.nat(30), { maxLength: 3 }), isBroken: fc.boolean(), order: fc.nat() }),
    { maxLength: 12 },
  )
  .map((rows) => {
    const steps = rows.map(({ needs }, at) =>
      step(`s${at}`, ...needs.filter((other) => other < at).map((other) => `s${other}`)),
    );
    const broken = rows.flatMap(({ isBroken }, at) => (isBroken && at % 3 === 0 ? [`s${at}`] : []));
    const order = steps.map((one, at) => ({ one, rank: rows[at]?.order ?? 0 }));
    return { steps: order.sort((a, b) => a.rank - b.rank).map(({ one }) => one), broken };
  });

describe('the steps of a plan', () => {
  it('begin when all that they need has succeeded, and not before', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async ({ steps, broken }, sideBySide) => {
        const { spans, outcome } = await run(steps, broken, sideBySide);
        const done = new Set(idsOf(outcome.done));
        for (const { id, needs } of steps.filter((one) => spans.has(one.id))) {
          for (const need of needs) {
            expect(done).toContain(need);
            expect(spans.get(id)?.from).toBeGreaterThanOrEqual(spans.get(need)?.to ?? Number.NaN);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are each done, failed or left out, and left out for no other reason than a need', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ steps, broken }) => {
        const { outcome, because } = await run(steps, broken);
        const failed = outcome.failed.map(({ step: one }) => one);
        expect(idsOf([...outcome.done, ...failed, ...outcome.skipped])).toEqual(idsOf(steps));
        const lost = new Set(idsOf([...failed, ...outcome.skipped]));
        for (const one of steps) {
          const hasLostNeed = one.needs.some((need) => lost.has(need));
          expect([one.id, because.has(one.id)]).toEqual([one.id, hasLostNeed]);
          if (hasLostNeed) expect(one.needs).toContain(because.get(one.id));
        }
        expect(idsOf(failed)).toEqual(broken.filter((id) => !because.has(id)).sort());
      }),
      { numRuns: 100 },
    );
  });

  it('go on side by side, as many as are allowed', async () => {
    const steps = Array.from({ length: 7 }, (_, at) => step(`s${at}`));
    for (const [sideBySide, seconds] of [
      [1, 14],
      [3, 6],
      [7, 2],
    ]) {
      const { spans } = await run(steps, [], sideBySide);
      const ends = [...spans.values()];
      const from = Math.min(...ends.map((span) => span.from));
      const to = Math.max(...ends.map((span) => span.to));
      expect([sideBySide, to - from]).toEqual([sideBySide, (seconds ?? 0) * 1000]);
    }
  });

  it('that need something that is no step of the plan do not wait for it', async () => {
    const { outcome } = await run([step('one', 'what is there already')]);
    expect(idsOf(outcome.done)).toEqual(['one']);
  });

  it.each([
    ['each other', [step('one', 'two'), step('two', 'one'), step('three')]],
    ['themselves', [step('one', 'one')]],
  ])('that wait for %s are a mistake of ours, and not passed over in silence', async (_title, steps) => {
    await expect(run(steps)).rejects.toThrow(/wait for each other: one/);
  });
});

describe('the error of a half-done plan', () => {
  const trouble = (exitCode: 1 | 4, what: string): AiplatError =>
    new AiplatError({ what, why: 'the reason', fix: 'what to do', exitCode });
  const outcome = (...errors: unknown[]): Outcome => ({
    done: [step('network')],
    failed: errors.map((error, at) => ({ step: step(`s${at}`), error })),
    skipped: [step('late')],
  });

  it('is none when nothing failed', () => {
    expect(outcomeError(outcome(), 'tenant-1001')).toBeUndefined();
  });

  it('tells the first trouble, the others, and what was left out because of them', () => {
    const error = outcomeError(outcome(trouble(4, 'First.'), trouble(4, 'Second.')), 'tenant-1001');
    expect(error?.what).toBe('tenant-1001: First.');
    expect(error?.why.split('\n')).toEqual([
      'the reason',
      'Also failed: s1: Second.',
      'Not done because of that: late.',
      'Done: 1 of 4 steps.',
    ]);
    expect(error?.fix).toBe('what to do');
  });

  it.each<[string, number, readonly AiplatError[]]>([
    ['health alone', 4, [trouble(4, 'ill'), trouble(4, 'ill')]],
    ['health and something else', 1, [trouble(4, 'ill'), trouble(1, 'refused')]],
    ['something else', 1, [trouble(1, 'refused')]],
  ])('over %s has exit code %i', (_title, exitCode, errors) => {
    expect(outcomeError(outcome(...errors), 'tenant-1001')).toMatchObject({ exitCode });
  });

  it('that is no trouble but a bug stays what it is', () => {
    expect(() => outcomeError(outcome(new TypeError('oops')), 'tenant-1001')).toThrow(TypeError);
  });

  it('stays a bug when a trouble came first', () => {
    const errors = outcome(trouble(4, 'ill'), new TypeError('oops'));
    expect(outcomeError(errors, 'tenant-1001')).toMatchObject({
      exitCode: 1,
      why: expect.stringContaining('oops'),
    });
  });
});
