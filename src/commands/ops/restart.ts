import { planRestart } from '../../stack/plan-restart.ts';
import { LABEL } from '../../tenant/names.ts';
import type { Context } from '../context.ts';
import { type DeployOptions, start, verify } from '../deploy.ts';
import { enter, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readStack } from '../read-stack.ts';
import { requireServices } from '../require-services.ts';

export type RestartOptions = Pick<DeployOptions, 'tenant' | 'waitLock' | 'dryRun' | 'timeout'>;

/** Restarts the named services of a tenant, or all of them, and waits until they are healthy. */
export async function restart(
  context: Context,
  services: readonly string[],
  options: RestartOptions,
): Promise<void> {
  const { host, report } = context;
  const place = await enter(context, options);
  requireRoot(context);
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const stack = await readStack(context, place);
    const { name } = stack.tenant;
    const meant = services.length === 0 ? stack.services.map(({ service }) => service.name) : services;
    const containers = await host.docker.listContainers({ labels: { [LABEL.tenant]: name } });
    const only = requireServices(stack, meant);
    const steps = planRestart(stack, containers, new Set(only));
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    report.document({ tenant: name, changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    const patience = { ...options, wait: true, only };
    await start(context, stack, steps, patience);
    await verify(context, stack, patience);
    report.show([`${name} restarted ${meant.join(', ')}.`]);
  });
}
