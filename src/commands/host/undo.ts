import { refused } from '../../errors.ts';
import { observeInstall } from '../../install/observe.ts';
import { changedSince, type FoundInstall, planUndo } from '../../install/plan.ts';
import type { Step } from '../../stack/step.ts';
import { LABEL } from '../../tenant/names.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { hostLock, whileLocked } from '../locked.ts';
import { withoutEngine } from '../without-engine.ts';
import { disableSteps } from './edge.ts';
import type { InitOptions } from './init.ts';
import { describeInstall } from './install.ts';
import { readRecords } from './records.ts';

/** Takes back exactly what `aiplat host init` put on this host. */
export async function undo(context: Context, options: InitOptions): Promise<void> {
  const { host, report } = context;
  const config = await enterHost(context);
  await whileLocked(context, hostLock(config), options, async () => {
    await requireNobody(context);
    const install = await describeInstall(context, config, false);
    const found = await observeInstall(host, install);
    const steps = inOrder(
      await disableSteps(context, config),
      planUndo(install, found, await busyGroups(context, found)),
    );
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    report.document({ changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    await carryOut(context, 'This host', steps);
    for (const path of changedSince(found)) report.warn(`${path} was changed by somebody and stays.`);
    report.show([
      steps.length === 0
        ? 'Nothing to do: aiplat put nothing on this host.'
        : `This host is as it was before. The audit log stays in ${config.logDir}.`,
    ]);
  });
}

/** The second plan when the first is done. */
const inOrder = (first: readonly Step[], second: readonly Step[]): Step[] => {
  const mark = (id: string): string => `first ${id}`;
  return [
    ...first.map((step) => ({ ...step, id: mark(step.id), needs: step.needs.map(mark) })),
    ...second.map((step) => ({ ...step, needs: [...step.needs, ...first.map(({ id }) => mark(id))] })),
  ];
};

/** @throws AiplatError (exit 2) while there are tenants: what is taken back carries them. */
async function requireNobody(context: Context): Promise<void> {
  const [records, containers] = await Promise.all([
    readRecords(context),
    context.host.docker.listContainers({}).catch(withoutEngine),
  ]);
  const names = new Set([
    ...records.map(({ tenant }) => tenant),
    ...containers.flatMap(({ labels }) => labels[LABEL.tenant] ?? []),
  ]);
  if (names.size === 0) return;
  throw refused(
    'This host has tenants.',
    `There are ${[...names].sort().join(', ')}.`,
    'Let them go first: aiplat host evict TENANT (their data is kept unless you say otherwise).',
  );
}

/** Groups that somebody was put into by hand. */
async function busyGroups({ host }: Context, { record }: FoundInstall): Promise<ReadonlySet<string>> {
  const found = await Promise.all(record.groups.map((name) => host.accounts.group(name)));
  return new Set(
    found.flatMap((group) => (group !== undefined && group.members.length > 0 ? [group.name] : [])),
  );
}
