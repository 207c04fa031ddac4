import { compareModels, type LocalModel } from '../../catalog/models.ts';
import { observeModels } from '../../models/observe.ts';
import type { Step } from '../../stack/step.ts';
import { LABEL } from '../../tenant/names.ts';
import type { Context } from '../context.ts';
import { decide, start, verify } from '../deploy.ts';
import type { Place } from '../enter.ts';
import { readSettings, stackOf } from '../read-stack.ts';
import { withoutEngine } from '../without-engine.ts';
import { followers } from './followers.ts';

/** As long as a deploy waits by itself. */
const AS_DEPLOY = { wait: true, timeout: 300 } as const;

/** A change of what lies on the volume, and how it is once that is done. */
export interface ModelChange {
  readonly step: Step;
  readonly after: (models: readonly LocalModel[]) => readonly LocalModel[];
}

/**
 * Makes the change, and tells those services of it that have to know which models there are: they are replaced as
 * by a deploy. Killed in between, a deploy ends it.
 */
export async function changeModels(
  context: Context,
  place: Place,
  { step, after }: ModelChange,
  isDry: boolean,
): Promise<void> {
  const { host, report } = context;
  const { name } = place.tenant;
  const settings = await readSettings(context, place.tenant);
  const models = await observeModels(host, place.tenant);
  const [now, then, containers] = await Promise.all([
    stackOf(context, place, settings, models),
    stackOf(context, place, settings, [...after(models)].sort(compareModels)),
    host.docker.listContainers({ labels: { [LABEL.tenant]: name } }).catch(withoutEngine),
  ]);
  const stack = followers(now, then, containers);
  const only = stack.services.map(({ service }) => service.name);
  const followed = only.length === 0 ? [] : await decide(context, place, stack, { ...AS_DEPLOY, only });
  const steps = [step, ...followed.map((one) => ({ ...one, needs: [...one.needs, step.id] }))];
  report.plan(steps, isDry);
  report.document({ tenant: name, services: only, changed: isDry ? 0 : steps.length });
  if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
  await start(context, stack, steps, AS_DEPLOY);
  if (only.length > 0) await verify(context, stack, AS_DEPLOY);
  report.show([
    `Done${only.length === 0 ? '' : `, and ${only.join(', ')} knows of it`}: aiplat ops models list --tenant ${name}`,
  ]);
}
