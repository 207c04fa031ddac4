import { catalog } from '../../catalog/catalog.ts';
import { AiplatError, EXIT, notReady } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import { isAlarming, isDue, type Served, servedWords } from '../../proxy/renewal.ts';
import { selectedServices } from '../../stack/select.ts';
import { LABEL } from '../../tenant/names.ts';
import type { Settings } from '../../tenant/settings.ts';
import { hostnameOf } from '../../tenant/urls.ts';
import { carryOut } from '../carry-out.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter, enterAll, type Place, requireRoot } from '../enter.ts';
import { forAll } from '../for-all.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readSettings } from '../read-stack.ts';
import { tlsMode } from '../read-tls.ts';
import { lookAt, sayUntil } from './look-at.ts';
import { renewFiles } from './renew-files.ts';

export interface RenewOptions extends TenantOptions {
  /** Every tenant of the host. */
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

const PATIENCE_MS = 120_000;
const ROUND_MS = 1000;

/**
 * Looks at the certificates that are really served and renews those that are due. For cron: says nothing
 * when nothing is due. Exit 4 when one ends soon and could not be renewed.
 */
export async function renewSsl(context: Context, options: RenewOptions): Promise<void> {
  if (options.all === true) {
    const places = await enterAll(context);
    return forAll(context, places, (place) => renew(context, place, options));
  }
  const place = await enter(context, options);
  requireRoot(context);
  await renew(context, place, options);
}

async function renew(context: Context, place: Place, options: RenewOptions): Promise<void> {
  const { host, report } = context;
  const { name } = place.tenant;
  const settings = await readSettings(context, place.tenant);
  const caddy = await requireCaddy(context, place);
  const hostnames = hostnamesOf(place, settings);
  if (tlsMode(place) === 'files') return renewFiles(context, place, hostnames, options);
  const before = await lookAt(context, place, hostnames);
  const due = before.filter((one) => isDue(one, host.clock.now()));
  report.document({ tenant: name, certificates: before, due: due.map(({ hostname }) => hostname) });
  if (due.length === 0) return sayUntil(context, place, before);
  const why = `due: ${due.map(servedWords).join(', ')}`;
  const step = { id: 'renew', do: 'renew certificates', target: caddy.name, why, needs: [] } as const;
  const steps = [{ ...step, containerId: caddy.id, command: renewCommand() }];
  report.plan(steps, options.dryRun === true);
  if (options.dryRun === true) return;
  await whileLocked(context, tenantLock(place), options, async () => {
    await carryOut(context, name, steps);
    requireRenewed(context, place, await waitUntilRenewed(context, place, hostnames));
  });
}

async function requireCaddy({ host }: Context, { tenant }: Place): Promise<FoundContainer> {
  const labels = { [LABEL.tenant]: tenant.name, [LABEL.service]: 'caddy' };
  const running = (await host.docker.listContainers({ labels })).find(({ state }) => state === 'running');
  if (running !== undefined) return running;
  throw notReady(
    `${tenant.name}: nothing serves certificates.`,
    'Its Caddy does not run.',
    `Start it: aiplat deploy --tenant ${tenant.name}`,
  );
}

/** The domain itself, and every service that has a page. */
function hostnamesOf({ catalog: all, config }: Place, settings: Settings): string[] {
  const services = selectedServices(all, settings, config.images);
  return [settings.domain, ...services.flatMap((service) => hostnameOf(service, settings.domain) ?? [])];
}

/** Taking over the configuration that it has already makes Caddy look at every certificate again. */
function renewCommand(): readonly string[] {
  const reload = catalog.get('caddy')?.reload;
  if (reload === undefined) throw new Error('the entry of caddy has no reload');
  return [...reload.apply.map((word) => word.replace('{{file}}', `/etc/caddy/${reload.file}`)), '--force'];
}

async function waitUntilRenewed(
  context: Context,
  place: Place,
  hostnames: readonly string[],
): Promise<Served[]> {
  const { clock } = context.host;
  for (const deadline = clock.now().getTime() + PATIENCE_MS; ; ) {
    const served = await lookAt(context, place, hostnames);
    const isDone = served.every((one) => !isDue(one, clock.now()));
    if (isDone || clock.now().getTime() > deadline) return served;
    await clock.sleep(ROUND_MS);
  }
}

function requireRenewed(context: Context, place: Place, after: readonly Served[]): void {
  const { host, report } = context;
  const { name } = place.tenant;
  const now = host.clock.now();
  const left = after.filter((one) => isDue(one, now));
  report.document({ certificates: after });
  if (left.length > 0 && !left.some((one) => isAlarming(one, now))) {
    return report.say(`${name}: not renewed yet, and there is time: ${left.map(servedWords).join(', ')}`);
  }
  if (left.length === 0) {
    return report.show([`${name}: certificates renewed. ${after.map(servedWords).join(', ')}`]);
  }
  throw new AiplatError({
    what: `${name}: ${left.length} of ${after.length} certificates could not be renewed.`,
    why: left.map(servedWords).join('\n'),
    fix: `Caddy knows why: aiplat ops logs caddy --tenant ${name} --since 10m`,
    exitCode: EXIT.unhealthy,
  });
}
