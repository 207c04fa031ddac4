import { apply, outcomeError, type Workshop } from '../stack/apply.ts';
import type { Step } from '../stack/step.ts';
import { watchHealth } from '../stack/wait.ts';
import type { Context } from './context.ts';

/** How a plan is carried out where it is not as usual. */
export type Manner = Partial<Pick<Workshop, 'watch' | 'wait' | 'sideBySide'>>;

/**
 * Does the steps of a plan and shows how they go on: the one way from a plan to the machine.
 * @param subject what the plan is about, such as the tenant's name.
 * @throws AiplatError with the first trouble, and with what was not done because of it.
 */
export async function carryOut(
  { host, report }: Context,
  subject: string,
  steps: readonly Step[],
  manner: Manner = {},
): Promise<void> {
  const workshop = { host, watch: watchHealth(host, {}, 0), wait: false, ...manner };
  const outcome = await apply(steps, workshop, report.progress());
  const error = outcomeError(outcome, subject);
  if (error !== undefined) throw error;
}
