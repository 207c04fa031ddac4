import { AiplatError, EXIT } from '../../errors.ts';
import { firewallPath } from '../../firewall/raise.ts';
import { type Egress, isInForce, parseTable } from '../../firewall/ruleset.ts';
import type { Host } from '../../host/host.ts';
import { table } from '../../report/table.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { findBoundary } from './find-boundary.ts';
import { findEdge } from './find-edge.ts';
import { findVolumes } from './find-volumes.ts';
import type { Finding } from './finding.ts';

const FILE_LIMIT_BYTES = 4 * 1024 * 1024;
/** The ports of an engine that listens for everybody. */
const ENGINE_PORTS = { first: 2375, last: 2376 };

/** Shows what of the walls is in force on this host. Exit 4 when something is missing. */
export async function doctor(context: Context): Promise<void> {
  const config = await enterHost(context);
  const { host, report } = context;
  const findings = [
    ...(await Promise.all([findAppArmor(host, config), findGroups(host), findEnginePorts(host)])),
    ...(await findFirewall(host, config)),
    ...(await findEdge(host, config)),
    await findVolumes(host, config),
    ...(await findBoundary(context, config)),
  ];
  report.document({ egress: config.egress, findings: findings.map(({ fix: _fix, ...rest }) => rest) });
  report.show(
    table(
      [
        {
          title: 'well',
          cell: ({ isWell }) => (isWell ? report.paint.green('yes') : report.paint.red('NO')),
        },
        { title: 'what', cell: ({ what }) => what },
        { title: 'found', cell: ({ found }) => found },
      ],
      findings,
    ),
  );
  const ill = findings.filter(({ isWell }) => !isWell);
  const [first] = ill;
  if (first === undefined) return;
  throw new AiplatError({
    what: `This host: ${ill.length} of ${findings.length} things are not as they have to be.`,
    why: ill.map(({ what, found }) => `${what}: ${found}`).join('\n'),
    fix: first.fix,
    exitCode: EXIT.unhealthy,
  });
}

async function findAppArmor(host: Host, { confinement }: HostConfig): Promise<Finding> {
  const [engine, loaded, hasParser] = await Promise.all([
    host.docker.facts(),
    host.apparmor.loaded(),
    host.apparmor.hasParser(),
  ]);
  const has = engine.securityOptions.some((option) => option.includes('name=apparmor'));
  const own = [...(loaded?.keys() ?? [])].filter((name) => name.startsWith('ai-platform-'));
  const found = !has
    ? `engine ${engine.version} has none`
    : `engine ${engine.version} has it, ${hasParser ? 'the parser is there' : 'the parser is missing'}, ${own.length} profiles of tenants`;
  return {
    what: 'AppArmor',
    found: confinement === 'off' ? `switched off in the host config; ${found}` : found,
    isWell: confinement === 'apparmor' && has && hasParser,
    fix: 'Use a kernel with AppArmor (apparmor=1 security=apparmor), install the parser (apt-get install apparmor), and take "confinement": "off" out of the host config.',
  };
}

async function findGroups(host: Host): Promise<Finding> {
  const { cgroupDriver, cgroupVersion } = await host.docker.facts();
  return {
    what: 'control groups',
    found: `v${cgroupVersion}, made by ${cgroupDriver}`,
    isWell: true,
    fix: '',
  };
}

async function findEnginePorts(host: Host): Promise<Finding> {
  const listeners = await host.sockets.listeners('0.0.0.0', ENGINE_PORTS.first, ENGINE_PORTS.last);
  const [open] = listeners;
  return {
    what: 'engine on the network',
    found: open === undefined ? 'no' : `${open.holder} listens on ${open.address}:${open.port}`,
    isWell: open === undefined,
    fix: 'Whoever reaches that port is root: take the tcp:// host out of the configuration of the engine.',
  };
}

async function findFirewall(host: Host, { firewall, egress, stateDir }: HostConfig): Promise<Finding[]> {
  const path = firewallPath(stateDir);
  const fix =
    'Deploy any tenant again: it raises the firewall. Set "firewall": "nftables" in the host config, install nftables.';
  if (firewall === 'off')
    return [{ what: 'firewall', found: 'switched off in the host config', isWell: false, fix }];
  const [hasProgram, text, json] = await Promise.all([
    host.packetFilter.hasProgram(),
    host.files.readText(path, FILE_LIMIT_BYTES),
    host.packetFilter.table(),
  ]);
  if (!hasProgram) return [{ what: 'firewall', found: 'the program nft is missing', isWell: false, fix }];
  if (text === undefined) {
    return [{ what: 'firewall', found: 'no tenant has needed it yet', isWell: json === undefined, fix }];
  }
  const found = json === undefined ? undefined : parseTable(json);
  const isWell = isInForce(text, found);
  return [
    {
      what: 'firewall',
      found: isWell
        ? `in force: table inet aiplat, ${found?.owners.size} published ports`
        : `${path} is not what the kernel has`,
      isWell,
      fix,
    },
    { what: 'way out of containers', found: egressWords(egress), isWell: true, fix: '' },
    { what: 'closed to containers', found: closedWords(text), isWell: true, fix: '' },
  ];
}

function egressWords(egress: Egress): string {
  if (egress === 'open') return 'the internet';
  return egress === 'closed' || egress.length === 0 ? 'none' : egress.join(', ');
}

/** The addresses that no container reaches, as the file has them. */
const closedWords = (text: string): string =>
  [...text.matchAll(/set metadata[46] .*elements = \{ (.*?) \}/g)]
    .map(([, list]) => list)
    .concat(['this host', "other tenants' bridges"])
    .join(', ');
