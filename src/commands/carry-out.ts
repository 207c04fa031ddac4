import { AiplatError, EXIT } from '../errors.ts';
import { apply, outcomeError, type Progress, type Workshop } from '../stack/apply.ts';
import type { Step } from '../stack/step.ts';
import { watchHealth } from '../stack/wait.ts';
import { type AuditEntry, type Deed, openAudit, planHash } from './audit.ts';
import type { Context } from './context.ts';

/** How a plan is carried out where it is not as usual. */
export type Manner = Partial<Pick<Workshop, 'watch' | 'wait' | 'sideBySide'>>;

/**
 * Does the steps of a plan, shows how they go on and leaves a line in the audit log, also when a signal
 * ends it: the one way from a plan to the machine.
 * @param subject what the plan is about, such as the tenant's name.
 * @throws AiplatError (exit 3) before the first step when the audit log cannot be written, or with the
 * first trouble and with what was not done because of it.
 */
export async function carryOut(
  context: Context,
  subject: string,
  steps: readonly Step[],
  manner: Manner = {},
): Promise<void> {
  if (steps.length === 0) return;
  const { host, report, lastWords } = context;
  const audit = await openAudit(context, subject);
  const { progress, done } = counted(report.progress());
  const deed = (outcome: Outcome, error?: string): Deed => ({
    outcome,
    plan: planHash(steps),
    steps: steps.length,
    done: done(),
    error,
  });
  const release = lastWords.keep(() => audit.write(deed('interrupted')));
  const workshop = { host, watch: watchHealth(host, {}, 0), wait: false, ...manner };
  const thrown = await apply(steps, workshop, progress)
    .then((outcome) => outcomeError(outcome, subject))
    .catch((bug: unknown) => bug);
  try {
    if (thrown === undefined) await audit.write(deed('done'));
    else await writeFailure(context, audit, deed(outcomeOf(thrown), wordsOf(thrown)));
  } finally {
    release();
  }
  if (thrown !== undefined) throw thrown;
}

type Outcome = Exclude<Deed, { showed: unknown }>['outcome'];

const outcomeOf = (thrown: unknown): Outcome =>
  thrown instanceof AiplatError && thrown.exitCode === EXIT.unhealthy ? 'unhealthy' : 'stopped';

const wordsOf = (thrown: unknown): string =>
  thrown instanceof AiplatError ? thrown.what : 'This is a bug in aiplat.';

/** The trouble of the plan is what the user has to hear of; that of the log comes beside it. */
async function writeFailure({ report }: Context, audit: AuditEntry, deed: Deed): Promise<void> {
  await audit.write(deed).catch((thrown: unknown) => {
    if (!(thrown instanceof AiplatError)) throw thrown;
    report.warn(`${thrown.what} ${thrown.why}`);
  });
}

/** The same progress, which also counts the steps that are done. */
function counted(progress: Progress): { progress: Progress; done: () => number } {
  let count = 0;
  return {
    progress: {
      ...progress,
      succeeded(step) {
        count++;
        progress.succeeded(step);
      },
    },
    done: () => count,
  };
}
