import { AiplatError, EXIT } from '../errors.ts';
import { table } from '../report/table.ts';
import { missingWalls } from '../tenant/host-config.ts';
import { parseTenantName } from '../tenant/identity.ts';
import type { Check } from '../verify/check.ts';
import { judge } from '../verify/checks.ts';
import { gatherFacts } from '../verify/facts.ts';
import type { Context, TenantOptions } from './context.ts';
import { enter, readStack, requireRoot } from './enter.ts';

export interface VerifyOptions extends TenantOptions {
  /** Try the walls against this tenant alone. */
  readonly against?: string;
}

/** Tries the walls of a tenant for real and says what held. Changes nothing. Exit 4 when one did not. */
export async function verify(context: Context, options: VerifyOptions): Promise<void> {
  if (options.against !== undefined) parseTenantName(options.against);
  const place = await enter(context, options);
  requireRoot(context);
  const stack = await readStack(context, place);
  const checks = judge(await gatherFacts(context.host, stack, options.against));
  const { report } = context;
  report.document({ tenant: place.tenant.name, checks });
  report.show(checkTable(checks, report.paint.red, report.paint.green));
  for (const notice of missingWalls(place.config)) report.warn(notice);
  const breaches = checks.filter(({ held }) => !held);
  if (breaches.length > 0) throw breachError(place.tenant.name, breaches, checks.length);
  report.show([`${place.tenant.name}: all ${checks.length} checks held.`]);
}

type Paint = (text: string) => string;

const checkTable = (checks: readonly Check[], bad: Paint, good: Paint): string[] =>
  table(
    [
      { title: 'held', cell: ({ held }) => (held ? good('yes') : bad('NO')) },
      { title: 'layer', cell: ({ layer }) => layer },
      { title: 'check', cell: ({ check }) => check },
      { title: 'evidence', cell: ({ evidence }) => evidence },
    ],
    checks,
  );

function breachError(tenant: string, breaches: readonly Check[], all: number): AiplatError {
  const one = breaches.length === 1;
  return new AiplatError({
    what: `${tenant}: ${breaches.length} of ${all} checks did not hold.`,
    why: breaches.map(({ layer, check, evidence }) => `${layer}: ${check}: ${evidence}`).join('\n'),
    fix: `Deploy again, which puts back what aiplat made: aiplat deploy --tenant ${tenant}. What${one ? ' stays' : 'ever stays'} was changed by somebody with root.`,
    exitCode: EXIT.unhealthy,
  });
}
