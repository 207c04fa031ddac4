import type { FirewallWish } from '../../firewall/raise.ts';
import { INSTALL_TEMPLATES, type InstallTemplates, installPieces } from '../../install/pieces.ts';
import type { Install } from '../../install/plan.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { type Directory, installRecordPath } from '../../tenant/layout.ts';
import { recordsDir } from '../../tenant/record.ts';
import { bashCompletion, tenantCommands } from '../completion.ts';
import type { Context } from '../context.ts';
import { buildProgram } from '../program.ts';
import { hostFirewall } from '../read-stack.ts';

/** Works out what this host has to have; `stays`: does it have a firewall when it has no tenant? */
export async function describeInstall(
  context: Context,
  config: HostConfig,
  stays: boolean,
): Promise<Install> {
  const { host, configPath, installation, version } = context;
  const program = buildProgram(version, async () => undefined);
  const texts = await Promise.all(INSTALL_TEMPLATES.map((name) => host.templates.text(`host/${name}`)));
  const templates = Object.fromEntries(INSTALL_TEMPLATES.map((name, at) => [name, texts[at] ?? '']));
  const facts = {
    configPath,
    node: installation.node,
    start: `${installation.dir}/dist/start.mjs`,
    dockerHost: installation.dockerHost,
    tenantCommands: tenantCommands(program),
    completion: bashCompletion(program),
  };
  return {
    recordPath: installRecordPath(config.stateDir),
    stateDir: root(config.stateDir, 0o755),
    directories: directoriesOf(config, configPath),
    groups: [config.tenantGroup, config.adminGroup],
    pieces: installPieces(config, facts, templates as InstallTemplates),
    firewall: config.firewall === 'off' ? undefined : await hostWish(context, config, stays),
  };
}

const root = (path: string, mode: number): Directory => ({ path, uid: 0, gid: 0, mode });

function directoriesOf({ stateDir }: HostConfig, configPath: string): Directory[] {
  const records = recordsDir(configPath);
  return [
    root(records.slice(0, records.lastIndexOf('/')), 0o755),
    root(records, 0o750),
    root(`${stateDir}/tenants`, 0o755),
  ];
}

/** The firewall of a host, with whatever tenants it has. */
export async function hostWish(
  { host }: Context,
  config: HostConfig,
  staysEmpty: boolean,
): Promise<FirewallWish> {
  const [template, unitTemplate] = await Promise.all([
    host.templates.text('firewall/aiplat.nft'),
    host.templates.text('firewall/aiplat-firewall.service'),
  ]);
  const whole = { tenant: undefined, entry: undefined, staysEmpty };
  return { ...hostFirewall(config), ...whole, template, unitTemplate };
}
