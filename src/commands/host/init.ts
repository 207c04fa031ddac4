import { notReady } from '../../errors.ts';
import { observeInstall } from '../../install/observe.ts';
import { type Install, planInstall } from '../../install/plan.ts';
import { untrusted, withParents } from '../../install/trust.ts';
import { observePaths } from '../../stack/observe.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { hostLock, whileLocked } from '../locked.ts';
import { describeInstall } from './install.ts';

export interface InitOptions {
  readonly dryRun?: boolean;
  readonly waitLock?: number;
}

/** Makes a host one of aiplat's. Run again, it mends what is not as it has to be. */
export async function init(context: Context, options: InitOptions): Promise<void> {
  const { host, report } = context;
  const config = await enterHost(context);
  await requireTrusted(context);
  await whileLocked(context, hostLock(config), options, async () => {
    const install = await describeInstall(context, config, true);
    const steps = planInstall(install, await observeInstall(host, install));
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    report.document({ changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    await carryOut(context, 'This host', steps);
    await warnAboutSudo(context, install);
    report.show([
      steps.length === 0 ? 'Nothing to do: this host is ready.' : 'This host is ready.',
      'Next: aiplat host admit USER',
    ]);
  });
}

/** @throws AiplatError (exit 3) when somebody else than root could change what sudo will start as root. */
async function requireTrusted({ host, installation }: Context): Promise<void> {
  const { dir, node } = installation;
  const chunks = await host.files.list(`${dir}/dist`);
  const paths = [
    ...withParents(node),
    ...withParents(`${dir}/dist`),
    `${dir}/templates`,
    ...chunks.map((name) => `${dir}/dist/${name}`),
  ];
  const loose = untrusted(await observePaths(host, [...new Set(paths)]));
  if (loose.length === 0) return;
  throw notReady(
    'aiplat lies where others than root can change it.',
    `The sudo rule would make root of whoever can write ${loose.slice(0, 4).join(', ')}.`,
    `Install it for root alone, such as in /opt/aiplat (chown -R root:root, chmod -R go-w), then run the same command from there.`,
  );
}

async function warnAboutSudo({ host, report }: Context, { pieces }: Install): Promise<void> {
  const rule = pieces.find(({ kind }) => kind === 'sudoers');
  if (rule === undefined || (await host.files.stat(rule.path)) !== undefined) return;
  report.warn('sudo is not installed here: tenants cannot call aiplat, root can for them (--tenant).');
}
