import { AiplatError, EXIT } from '../../errors.ts';
import { isAlarming, type Served, servedWords } from '../../proxy/renewal.ts';
import { covers } from '../../proxy/tls.ts';
import type { Step } from '../../stack/step.ts';
import { KEEP_TLS } from '../../stack/step-ids.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { decide } from '../deploy.ts';
import type { Place } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readStack } from '../read-stack.ts';
import { lookAt, sayUntil } from './look-at.ts';
import type { RenewOptions } from './renew-ssl.ts';

/**
 * Has the Caddy serve the pair that the tenant put beside its data, when that is another one and can be
 * served. Exit 4 when what is served ends soon and nothing newer is there.
 */
export async function renewFiles(
  context: Context,
  place: Place,
  hostnames: readonly string[],
  options: RenewOptions,
): Promise<void> {
  await whileLocked(context, tenantLock(place), options, async () => {
    const { report } = context;
    const stack = await readStack(context, place);
    if (stack.tls.mode !== 'files') throw new Error('the stack has no certificate of files');
    const { pair } = stack.tls;
    const covered = hostnames.filter((hostname) => covers(pair, hostname));
    const all = await decide(context, place, stack, { only: ['caddy'] });
    const steps = all.filter(isOfCertificate);
    report.document({ tenant: place.tenant.name, certificates: await lookAt(context, place, covered) });
    report.plan(steps, options.dryRun === true);
    if (options.dryRun === true) return;
    await carryOut(context, place.tenant.name, steps);
    const served = await lookAt(context, place, covered);
    report.document({ certificates: served });
    requireLasting(context, place, served);
    if (steps.length === 0) return sayUntil(context, place, served);
    report.show([`${place.tenant.name}: certificates renewed. ${served.map(servedWords).join(', ')}`]);
  });
}

/** A Caddy that has to be replaced is for a deploy. */
const isOfCertificate = (step: Step): boolean => step.do === 'reload config' || step.id === KEEP_TLS;

function requireLasting({ host }: Context, { tenant }: Place, served: readonly Served[]): void {
  const now = host.clock.now();
  const ending = served.filter((one) => isAlarming(one, now));
  if (ending.length === 0) return;
  throw new AiplatError({
    what: `${tenant.name}: its certificate ends soon, and there is no newer one.`,
    why: ending.map(servedWords).join('\n'),
    fix: `Put newer files into ${tenant.baseDir}/ssl/certs, then: aiplat ops renew-ssl --tenant ${tenant.name}`,
    exitCode: EXIT.unhealthy,
  });
}
