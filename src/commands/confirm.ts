import { refused } from '../errors.ts';
import { parseTenantName, type Tenant } from '../tenant/identity.ts';
import type { Context } from './context.ts';

/** What a person has to mean: data goes away or is replaced. */
export interface Danger {
  /** Such as `deleting data`. */
  readonly what: string;
  /** The beginning of the question, before `of tenant-1001`. */
  readonly question: string;
  /** What to do when it was not meant. */
  readonly otherwise: string;
}

/** @throws AiplatError (exit 2) when another name was typed. */
export function requireSameName(tenant: Tenant, typed: string): void {
  parseTenantName(typed);
  if (typed === tenant.name) return;
  throw refused(
    `--confirm ${typed} does not name the tenant that is meant.`,
    `This is ${tenant.name}.`,
    `Type --confirm ${tenant.name} when you mean it.`,
  );
}

/** @throws AiplatError (exit 2) when the tenant's name was neither given nor typed. */
export async function requireConfirmation(
  { report }: Context,
  tenant: Tenant,
  confirm: string | undefined,
  { what, question, otherwise }: Danger,
): Promise<void> {
  if (confirm !== undefined) return;
  if (report.terminal.canAsk) {
    const { askWord } = await import('../report/ask.ts');
    const typed = await askWord(`${question} of ${tenant.name}. Type its name to go on:`);
    return requireSameName(tenant, typed.trim());
  }
  throw refused(
    `${tenant.name}: ${what} has to be confirmed.`,
    'No terminal is there to ask in.',
    `Add --confirm ${tenant.name}, or ${otherwise}.`,
  );
}
