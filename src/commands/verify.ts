import { AiplatError, EXIT } from '../errors.ts';
import { table } from '../report/table.ts';
import { type HostConfig, missingWalls } from '../tenant/host-config.ts';
import { parseTenantName } from '../tenant/identity.ts';
import type { Check } from '../verify/check.ts';
import { judge } from '../verify/checks.ts';
import { gatherFacts } from '../verify/facts.ts';
import type { Context, TenantOptions } from './context.ts';
import { enter, enterAll, type Place, requireRoot } from './enter.ts';
import { readStack } from './read-stack.ts';

export interface VerifyOptions extends TenantOptions {
  /** Try the walls against this tenant alone. */
  readonly against?: string;
  /** Every tenant of the host. */
  readonly all?: boolean;
}

/** What came of one tenant. */
interface Verified {
  readonly tenant: string;
  readonly checks: readonly Check[];
}

/** Tries the walls of a tenant, or of all, for real and says what held. Changes nothing. Exit 4 when one did not. */
export async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const { against, all } = options;
  if (against !== undefined) parseTenantName(against);
  return all === true ? verifyAll(context, against) : verifyOne(context, options);
}

async function verifyOne(context: Context, options: VerifyOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  const verified = await examine(context, place, options.against);
  context.report.document(verified);
  showAll(context, [verified], place.config);
}

async function verifyAll(context: Context, against: string | undefined): Promise<void> {
  const places = await enterAll(context);
  const tenants: Verified[] = [];
  // One after the other: together they would take each other's probes for load.
  for (const place of places) tenants.push(await examine(context, place, against).catch(unreadable(place)));
  context.report.document({ tenants });
  if (places[0] === undefined) context.report.show(['No tenant has a container on this host.']);
  else showAll(context, tenants, places[0].config);
}

async function examine(context: Context, place: Place, against: string | undefined): Promise<Verified> {
  const stack = await readStack(context, place);
  const checks = judge(await gatherFacts(context.host, stack, against));
  return { tenant: place.tenant.name, checks };
}

/** A stack that cannot be read is a breach of its own, and no reason to leave the others unseen. */
const unreadable =
  ({ tenant }: Place) =>
  (error: unknown): Verified => {
    if (!(error instanceof AiplatError)) throw error;
    const evidence = `${error.what} ${error.why}`;
    return {
      tenant: tenant.name,
      checks: [{ layer: 'files', check: 'its stack can be read', evidence, held: false }],
    };
  };

function showAll({ report }: Context, tenants: readonly Verified[], config: HostConfig): void {
  for (const { tenant, checks } of tenants) {
    if (tenants.length > 1) report.show([report.paint.bold(tenant)]);
    report.show(checkTable(checks, report.paint.red, report.paint.green));
  }
  for (const notice of missingWalls(config)) report.warn(notice);
  const breached = tenants.filter(({ checks }) => checks.some(({ held }) => !held));
  for (const { tenant, checks } of tenants) {
    if (checks.every(({ held }) => held)) report.show([`${tenant}: all ${checks.length} checks held.`]);
  }
  if (breached.length > 0) throw breachError(breached);
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

function breachError(tenants: readonly Verified[]): AiplatError {
  const breaches = tenants.flatMap(({ tenant, checks }) =>
    checks.filter(({ held }) => !held).map((check) => ({ tenant, ...check })),
  );
  const all = tenants.reduce((sum, { checks }) => sum + checks.length, 0);
  const names = tenants.map(({ tenant }) => tenant);
  const commands = names.map((name) => `aiplat deploy --tenant ${name}`).join('; ');
  return new AiplatError({
    what: `${names.join(', ')}: ${breaches.length} of ${all} checks did not hold.`,
    why: breaches
      .map(({ tenant, layer, check, evidence }) =>
        [...(names.length > 1 ? [tenant] : []), layer, check, evidence].join(': '),
      )
      .join('\n'),
    fix: `Deploy again, which puts back what aiplat made: ${commands}. Whatever stays was changed by somebody with root.`,
    exitCode: EXIT.unhealthy,
  });
}
