import { confinementFault } from '../../apparmor/confinement.ts';
import { AiplatError, EXIT, refused } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { SliceLimits, SliceUsage, Usage } from '../../host/host.ts';
import type { Report } from '../../report/report.ts';
import { labelsOf } from '../../stack/observe.ts';
import { type LeftOut, leftOutServices, selectedServices } from '../../stack/select.ts';
import { isWell } from '../../stack/verify.ts';
import { limitsOf, missingWalls } from '../../tenant/host-config.ts';
import { containerName, LABEL, profileName, sliceParent } from '../../tenant/names.ts';
import { indexUrl, urlOf } from '../../tenant/urls.ts';
import type { Context, TenantOptions } from '../context.ts';
import { readEdge } from '../edge-wish.ts';
import { enter, type Place } from '../enter.ts';
import { leftOutNotices } from '../left-out.ts';
import { readSettings } from '../read-stack.ts';
import { mebibytes, type StatusRow, statusTable } from './status-table.ts';

export interface StatusOptions extends TenantOptions {
  readonly watch?: boolean;
}

const WATCH_MS = 2000;
/** Which of them the engine has is not asked: one call less. */
const CGROUP_DRIVERS = ['systemd', 'cgroupfs'] as const;
/** Clears the screen and goes to its top left corner (ECMA-48: ED, CUP). */
const CLEAR = '\u001b[2J\u001b[H';

/** Shows how a tenant's services are. Exit 4 when one is not well. */
export async function status(context: Context, options: StatusOptions): Promise<void> {
  if (options.watch === true && context.report.terminal.wantsJson) {
    throw refused(
      '--watch and --json do not go together.',
      'One JSON document has an end, a watch has none.',
      'Leave one of them out.',
    );
  }
  const place = await enter(context, options);
  for (;;) {
    const found = await readStatus(context, place);
    if (options.watch === true && context.report.terminal.hasColour) context.report.terminal.out(CLEAR);
    showRows(context.report, place, found);
    if (options.watch !== true) return requireWell(place, found.rows);
    await context.host.clock.sleep(WATCH_MS);
  }
}

interface Status {
  readonly rows: readonly StatusRow[];
  /** Services that wait for a key. */
  readonly leftOut: readonly LeftOut[];
  /** What all containers of the tenant use together; undefined when no control group tells. */
  readonly slice: SliceUsage | undefined;
}

/** One engine call, whatever the number of services; use comes from the kernel's control groups. */
async function readStatus(context: Context, { tenant, config, catalog }: Place): Promise<Status> {
  const [settings, edge, found] = await Promise.all([
    readSettings(context, tenant),
    readEdge(context.host, config),
    context.host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } }),
  ]);
  const ids = found.filter(({ state }) => state === 'running').map(({ id }) => id);
  const slices = CGROUP_DRIVERS.map((driver) => ({ driver, parent: sliceParent(tenant.uid, driver) }));
  const parents = slices.map(({ parent }) => parent);
  const [usage, labels, together] = await Promise.all([
    context.host.meters.usage(ids, parents),
    config.confinement === 'off' ? new Map<string, string>() : labelsOf(context.host, ids, parents),
    Promise.all(slices.map((slice) => context.host.slices.usage(slice))),
  ]);
  const wanted = selectedServices(catalog, settings, config.images).map((service) => ({
    service: service.name,
    partOf: service.partOf,
    container: containerName(tenant.name, service.name),
    address:
      service.name === 'caddy'
        ? indexUrl(settings, edge?.settings)
        : urlOf(service, settings, edge?.settings),
  }));
  const names = new Set(wanted.map(({ container }) => container));
  const others = found
    .filter(({ name }) => !names.has(name))
    .map(({ name, labels }) => ({
      service: labels[LABEL.service] ?? name,
      partOf: undefined,
      container: name,
      address: undefined,
    }));
  const rows = [...wanted, ...others].map(({ service, partOf, container, address }) => {
    const one = found.find(({ name }) => name === container);
    const label = labels.get(one?.id ?? '');
    const fault =
      label === undefined
        ? undefined
        : confinementFault(profileName(tenant.uid, catalog.get(service) ?? { name: service }), label);
    const isConfined = label === undefined ? undefined : fault === undefined;
    const row = rowOf(service, container, address, one, usage);
    return { ...row, partOf, label, isConfined, isWell: row.isWell && isConfined !== false };
  });
  return {
    rows,
    leftOut: leftOutServices(catalog, settings, config.images),
    slice: together.find((one) => one !== undefined),
  };
}

function rowOf(
  service: string,
  container: string,
  address: string | undefined,
  found: FoundContainer | undefined,
  usage: ReadonlyMap<string, Usage>,
): Omit<StatusRow, 'label' | 'isConfined' | 'partOf'> {
  const use = found === undefined ? undefined : usage.get(found.id);
  return {
    service,
    container,
    state: found?.state ?? 'missing',
    health: found?.health ?? 'none',
    // `Up 5 minutes (healthy)`: the engine's own words, without what the health column says.
    since: (found?.status ?? '').replace(/ \(.*\)$/, ''),
    cpus: use?.cpus,
    memoryBytes: use?.memoryBytes,
    address,
    image: found?.image,
    isWell: isWell(found),
  };
}

function showRows(report: Report, { tenant, config, record }: Place, found: Status): void {
  const { rows, slice, leftOut } = found;
  const { confinement, firewall } = config;
  const limits = limitsOf(config, record);
  report.document({
    tenant: tenant.name,
    confinement,
    firewall,
    services: rows,
    leftOut: leftOut.map(({ service }) => service.name),
    together: { ...slice, limits },
  });
  report.show(statusTable(rows, report.paint));
  if (slice !== undefined) report.show([togetherLine(slice, limits)]);
  for (const notice of [...missingWalls(config), ...leftOutNotices(found)]) report.warn(notice);
}

const togetherLine = (use: SliceUsage, limits: SliceLimits): string =>
  `together: ${mebibytes(use.memoryBytes)} of ${mebibytes(limits.memoryBytes)}, ${use.pids} of ${limits.pids} processes`;

function requireWell({ tenant }: Place, rows: readonly StatusRow[]): void {
  const ill = rows.filter((row) => !row.isWell);
  const [first] = ill;
  if (first === undefined) return;
  throw new AiplatError({
    what: `${tenant.name}: ${ill.length} of ${rows.length} services ${ill.length === 1 ? 'is' : 'are'} not healthy.`,
    why: ill
      .map(({ service, state, health, since, label, isConfined }) =>
        isConfined === false
          ? `${service}: not confined by AppArmor, it wears ${label || 'no profile'}`
          : `${service}: ${state}, health ${health}, ${since || 'never started'}`,
      )
      .join('\n'),
    fix: rows.every(({ state }) => state === 'missing')
      ? `Start the stack: aiplat deploy --tenant ${tenant.name}`
      : `See why: aiplat ops logs ${first.service} --tenant ${tenant.name}; start what is missing: aiplat deploy --tenant ${tenant.name}`,
    exitCode: EXIT.unhealthy,
  });
}
