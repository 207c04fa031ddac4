import { isPowerful } from '../../install/admission.ts';
import { observeInstall } from '../../install/observe.ts';
import { planInstall } from '../../install/plan.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { installRecordPath } from '../../tenant/layout.ts';
import type { Context } from '../context.ts';
import type { Finding } from './finding.ts';
import { describeInstall } from './install.ts';
import { readRecords } from './records.ts';

/** Whether what `host init` made is as it was, and whether a tenant has become root by the way. */
export async function findBoundary(context: Context, config: HostConfig): Promise<Finding[]> {
  const records = await readRecords(context);
  return [await findInstall(context, config), await findPowerful(context, records)];
}

async function findInstall(context: Context, config: HostConfig): Promise<Finding> {
  const what = 'tenants without root';
  const { host } = context;
  if ((await host.files.stat(installRecordPath(config.stateDir))) === undefined) {
    return {
      what,
      found: 'not prepared: root works for them (`aiplat host init` changes that)',
      isWell: true,
      fix: '',
    };
  }
  const install = await describeInstall(context, config, true);
  const steps = planInstall(install, await observeInstall(host, install));
  return {
    what,
    found:
      steps.length === 0
        ? 'launcher, sudo rule and groups are in place'
        : steps.map(({ target, why }) => `${target}: ${why}`).join('; '),
    isWell: steps.length === 0,
    fix: 'Put it back: aiplat host init',
  };
}

async function findPowerful(
  { host }: Context,
  records: Awaited<ReturnType<typeof readRecords>>,
): Promise<Finding> {
  const found = await Promise.all(
    records.map(async ({ uid }) => {
      const account = await host.accounts.byUid(uid);
      if (account === undefined) return [];
      const groups = await host.accounts.groupsOf(account.name);
      return groups.filter(isPowerful).map((group) => ({ user: account.name, group }));
    }),
  );
  const powerful = found.flat();
  return {
    what: 'tenants in groups that make root',
    found: powerful.map(({ user, group }) => `${user} is in ${group}`).join(', ') || 'none',
    isWell: powerful.length === 0,
    fix: powerful.map(({ user, group }) => `gpasswd --delete ${user} ${group}`).join('; '),
  };
}
