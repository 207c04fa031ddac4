import { type AiplatError, notReady } from '../errors.ts';
import type { CallerFacts } from './context.ts';

/** Why sudo did not let this command line through, and what an admin has to type. */
export function elevationRefused(
  { uid, commandLine }: Pick<CallerFacts, 'uid' | 'commandLine'>,
  words: readonly string[],
  tenantCommands: readonly string[],
): AiplatError {
  const isTenants = tenantCommands.some((command) => `${words.join(' ')} `.startsWith(`${command} `));
  if (isTenants) {
    return notReady(
      'You are no tenant of this host yet.',
      `sudo has no rule that lets UID ${uid} call aiplat.`,
      `Ask an admin of this host to type: sudo aiplat host admit ${uid}`,
    );
  }
  return notReady(
    'This is for admins of this host.',
    `sudo has no rule that lets UID ${uid} do it.`,
    `Ask an admin of this host to type: sudo ${commandLine}`,
  );
}
