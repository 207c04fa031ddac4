import { EDGE_USER } from '../../edge/config.ts';
import { edgeFault, observeEdge } from '../../edge/raise.ts';
import { notReady } from '../../errors.ts';
import { firewallFault, observeFirewall } from '../../firewall/raise.ts';
import { type Bare, chained } from '../../install/plan.ts';
import type { Step } from '../../stack/step.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { LABEL } from '../../tenant/names.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { describeEdge, edgeAccount, type HostEdge, readEdge } from '../edge-wish.ts';
import { enterHost } from '../enter.ts';
import { hostLock, whileLocked } from '../locked.ts';
import type { InitOptions } from './init.ts';
import { hostWish } from './install.ts';

/** What `disable` has to know: an account that was there before stays. */
interface EdgeRecord {
  readonly madeAccount: boolean;
}

const RECORD_LIMIT_BYTES = 4096;

/** Starts the one way in on ports 80 and 443. Run again, it mends what is not as it has to be. */
export async function enableEdge(context: Context, options: InitOptions): Promise<void> {
  await work(context, options, enableSteps, async () => {
    const names = await tenantsHere(context);
    return [
      'The edge of this host runs.',
      ...names.map((name) => `Next, so that it leads to ${name}: aiplat deploy --tenant ${name}`),
    ];
  });
}

/** Ends it and takes back all of it. The ports of the tenants' blocks serve as before. */
export async function disableEdge(context: Context, options: InitOptions): Promise<void> {
  await work(context, options, disableSteps, async () => {
    const names = await tenantsHere(context);
    return [
      'This host has no edge any more.',
      ...names.map((name) => `Next, for addresses with a port: aiplat deploy --tenant ${name}`),
    ];
  });
}

async function work(
  context: Context,
  options: InitOptions,
  decide: (context: Context, config: HostConfig) => Promise<Step[]>,
  closing: () => Promise<string[]>,
): Promise<void> {
  const { report } = context;
  const config = await enterHost(context);
  await whileLocked(context, hostLock(config), options, async () => {
    const steps = await decide(context, config);
    const isDry = options.dryRun === true;
    report.plan(steps, isDry);
    report.document({ changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    await carryOut(context, 'This host', steps);
    report.show(steps.length === 0 ? ['Nothing to do: the edge is as it has to be.'] : await closing());
  });
}

async function enableSteps(context: Context, config: HostConfig): Promise<Step[]> {
  const { host } = context;
  const edge = await describeEdge(host, config);
  const isOn = (await readEdge(host, config)) !== undefined;
  await requireMeans(context, edge);
  const hasAccount = (await edgeAccount(host)) !== undefined;
  const wish = { ...edge, part: undefined };
  const why = edgeFault(wish, await observeEdge(host, wish));
  const bare: Bare[] = [
    ...(isOn ? [] : newFiles(edge, !hasAccount)),
    ...(hasAccount ? [] : [{ do: 'create account', target: EDGE_USER, why: 'not found' } as const]),
    ...(why === undefined ? [] : [{ do: 'raise edge', target: edge.paths.config, why, wish } as const]),
    ...(await firewallSteps(context, config, !isOn || !hasAccount)),
  ];
  return chained(bare);
}

/** The record comes before the account, so that an interrupted run still knows whose that is. */
function newFiles({ paths }: HostEdge, madeAccount: boolean): Bare[] {
  const why = 'not found';
  const record: EdgeRecord = { madeAccount };
  const directory = (path: string, mode: number): Bare => ({
    do: 'create directory',
    target: path,
    why,
    directory: { path, uid: 0, gid: 0, mode },
  });
  return [
    directory(paths.dir, 0o755),
    directory(paths.empty, 0o555),
    {
      ...{ do: 'write file', target: paths.record, why, text: `${JSON.stringify(record)}\n` },
      ...{ uid: 0, gid: 0, mode: 0o600 },
    },
  ];
}

/** What takes the edge away; nothing on a host without one. */
export async function disableSteps(context: Context, config: HostConfig): Promise<Step[]> {
  const { host } = context;
  const edge = await readEdge(host, config);
  if (edge === undefined) return [];
  const text = await host.files.readText(edge.paths.record, RECORD_LIMIT_BYTES);
  const { madeAccount } = JSON.parse(text ?? '{"madeAccount":false}') as EdgeRecord;
  const isOurs = madeAccount && (await edgeAccount(host)) !== undefined;
  const why = 'aiplat put it there';
  return chained([
    ...(isOurs ? [{ do: 'remove account', target: EDGE_USER, why } as const] : []),
    { do: 'lower edge', target: edge.paths.dir, why, wish: { ...edge, part: undefined } },
    ...(await firewallSteps(context, config, true)),
  ]);
}

/** The firewall names the edge's user. `isDue`: whether there is one is about to change. */
async function firewallSteps(context: Context, config: HostConfig, isDue: boolean): Promise<Bare[]> {
  if (config.firewall === 'off') return [];
  const { staysEmpty: _, ...wish } = await hostWish(context, config, true);
  const found = await observeFirewall(context.host, wish);
  const why =
    firewallFault(found) ?? (isDue && found.wanted !== undefined ? 'the edge has a place in it' : undefined);
  return why === undefined ? [] : [{ do: 'raise firewall', target: 'the table inet aiplat', why, wish }];
}

/** @throws AiplatError (exit 3) without HAProxy, or when something else has the ports. */
async function requireMeans({ host }: Context, { paths, settings }: HostEdge): Promise<void> {
  if (!(await host.edge.hasProgram())) {
    throw notReady(
      'HAProxy is not installed.',
      'It is the program that routes to the tenants.',
      'Install it: apt-get install haproxy. It starts nothing that is in the way.',
    );
  }
  if ((await host.edge.running(paths.socket)) !== undefined) return;
  const { addresses, httpPort, httpsPort } = settings;
  const found = await Promise.all(
    addresses.flatMap((address) =>
      [httpPort, httpsPort].map((port) => host.sockets.listeners(address, port, port)),
    ),
  );
  const [taken] = found.flat();
  if (taken === undefined) return;
  throw notReady(
    `The edge cannot have port ${taken.port}.`,
    `${taken.holder} listens on ${taken.address}:${taken.port}.`,
    'Stop it, or give the edge other addresses or ports: "edge" in the host config.',
  );
}

async function tenantsHere({ host }: Context): Promise<string[]> {
  const containers = await host.docker.listContainers({});
  return [...new Set(containers.flatMap(({ labels }) => labels[LABEL.tenant] ?? []))].sort();
}
