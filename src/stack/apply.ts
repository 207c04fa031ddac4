import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { hands } from './hands.ts';
import type { Step } from './step.ts';
import type { HealthWatch } from './wait.ts';

/** Told about every step as it goes on. */
export interface Progress {
  started(step: Step): void;
  /** What a long step is at: bytes, layers, seconds. */
  noted(step: Step, note: string): void;
  succeeded(step: Step): void;
  failed(step: Step, error: unknown): void;
  skipped(step: Step, because: string): void;
}

export interface Outcome {
  readonly done: readonly Step[];
  readonly failed: readonly { readonly step: Step; readonly error: unknown }[];
  readonly skipped: readonly Step[];
}

/** What the hands need beside the step. */
export interface Workshop {
  readonly host: Host;
  readonly watch: HealthWatch;
  /** False: start containers and do not wait until they are healthy. */
  readonly wait: boolean;
  readonly sideBySide?: number;
  readonly note: (note: string) => void;
}

/** So many steps run side by side where the workshop does not say: beyond that the engine itself queues them. */
const SIDE_BY_SIDE = 8;

/**
 * Does exactly the steps of a plan: independent ones side by side, each after what it needs. A step that
 * fails stops those that need it and no others.
 */
export async function apply(
  steps: readonly Step[],
  workshop: Omit<Workshop, 'note'>,
  progress: Progress,
): Promise<Outcome> {
  const ids = new Set(steps.map(({ id }) => id));
  const ended = new Map<string, 'done' | 'failed' | 'skipped'>();
  const failed: { step: Step; error: unknown }[] = [];
  const waiting = new Set(steps);
  const running = new Set<Promise<void>>();

  const run = async (step: Step): Promise<void> => {
    progress.started(step);
    try {
      await hands(step, { ...workshop, note: (note) => progress.noted(step, note) });
      ended.set(step.id, 'done');
      progress.succeeded(step);
    } catch (error) {
      ended.set(step.id, 'failed');
      failed.push({ step, error });
      progress.failed(step, error);
    }
  };

  const begin = (): void => {
    for (const step of waiting) {
      const needs = step.needs.filter((id) => ids.has(id));
      const broken = needs.find((id) => ended.get(id) === 'failed' || ended.get(id) === 'skipped');
      if (broken !== undefined) {
        waiting.delete(step);
        ended.set(step.id, 'skipped');
        progress.skipped(step, broken);
        return begin();
      }
      if (
        running.size >= (workshop.sideBySide ?? SIDE_BY_SIDE) ||
        !needs.every((id) => ended.get(id) === 'done')
      )
        continue;
      waiting.delete(step);
      const task = run(step).finally(() => running.delete(task));
      running.add(task);
    }
  };

  for (begin(); running.size > 0; begin()) await Promise.race(running);
  if (waiting.size > 0)
    throw new Error(`these steps wait for each other: ${[...waiting].map(({ id }) => id).join(', ')}`);
  const having = (state: string): Step[] => steps.filter(({ id }) => ended.get(id) === state);
  return { done: having('done'), failed, skipped: having('skipped') };
}

/**
 * The error that a half-done plan ends with: the first trouble, and what was not done because of it.
 * @returns undefined when everything was done.
 */
export function outcomeError(outcome: Outcome, tenant: string): AiplatError | undefined {
  const [first, ...others] = outcome.failed;
  if (first === undefined) return undefined;
  const known = first.error instanceof AiplatError ? first.error : undefined;
  if (known === undefined) throw first.error;
  const also = others.map(
    ({ step, error }) => `${step.target}: ${error instanceof Error ? error.message : String(error)}`,
  );
  const skipped = outcome.skipped.map(({ target }) => target);
  const rest = [
    ...also.map((line) => `Also failed: ${line}`),
    ...(skipped.length === 0 ? [] : [`Not done because of that: ${skipped.join(', ')}.`]),
    `Done: ${outcome.done.length} of ${outcome.done.length + outcome.failed.length + outcome.skipped.length} steps.`,
  ];
  const isHealthAlone = outcome.failed.every(
    ({ error }) => error instanceof AiplatError && error.exitCode === EXIT.unhealthy,
  );
  return new AiplatError({
    what: `${tenant}: ${known.what}`,
    why: [known.why, ...rest].join('\n'),
    fix: known.fix,
    exitCode: isHealthAlone ? EXIT.unhealthy : EXIT.stopped,
    cause: known,
  });
}
