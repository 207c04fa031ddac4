import { AiplatError } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { Host, SliceLimits, SliceUsage, Space } from '../../host/host.ts';
import { table } from '../../report/table.ts';
import { isWell } from '../../stack/verify.ts';
import { type HostConfig, limitsOf } from '../../tenant/host-config.ts';
import { describeTenant, parseTenantName, type Tenant } from '../../tenant/identity.ts';
import { envPath } from '../../tenant/layout.ts';
import { LABEL, sliceParent, tenantName } from '../../tenant/names.ts';
import { NO_RECORD, type TenantRecord } from '../../tenant/record.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { mebibytes } from '../ops/status-table.ts';
import { readRecords } from './records.ts';

/** One tenant, as an admin sees it. */
interface Row {
  readonly tenant: string;
  /** Undefined: root works for it, and nobody admitted it. */
  readonly user: string | undefined;
  readonly state: string;
  readonly use: SliceUsage | undefined;
  readonly limits: SliceLimits;
  readonly disk: Space | undefined;
  readonly volume: string | undefined;
  readonly ports: string;
}

/** Shows all tenants of this host with their state, use and quota: one engine call, however many there are. */
export async function tenants(context: Context): Promise<void> {
  const config = await enterHost(context);
  const [records, containers, driver] = await Promise.all([
    readRecords(context),
    context.host.docker.listContainers({}),
    context.host.docker.facts().then(({ cgroupDriver }) => cgroupDriver),
  ]);
  const byTenant = Map.groupBy(containers, ({ labels }) => labels[LABEL.tenant]);
  const admitted = new Map(records.map(({ uid, record }) => [uid, record]));
  const running = [...byTenant.keys()].flatMap((name) => (name === undefined ? [] : [parseTenantName(name)]));
  const uids = [...new Set([...admitted.keys(), ...running])].sort((one, other) => one - other);
  const rows = await Promise.all(
    uids.map((uid) =>
      rowOf(context, config, {
        tenant: describeTenant(uid, config),
        record: admitted.get(uid),
        containers: byTenant.get(tenantName(uid)) ?? [],
        driver,
      }),
    ),
  );
  context.report.document({ tenants: rows });
  if (rows.length === 0)
    return context.report.show(['No tenant is admitted here yet: aiplat host admit USER']);
  context.report.show(tenantTable(rows));
}

interface Seen {
  readonly tenant: Tenant;
  readonly record: TenantRecord | undefined;
  readonly containers: readonly FoundContainer[];
  readonly driver: 'systemd' | 'cgroupfs';
}

async function rowOf({ host }: Context, config: HostConfig, seen: Seen): Promise<Row> {
  const { tenant, record, containers, driver } = seen;
  const [use, files] = await Promise.all([
    host.slices.usage({ driver, parent: sliceParent(tenant.uid, driver) }),
    seeFiles(host, tenant),
  ]);
  return {
    tenant: tenant.name,
    user: record?.user,
    state: files.trouble ?? stateOf(containers, files.isSetUp),
    use,
    limits: limitsOf(config, record ?? NO_RECORD),
    disk: files.disk,
    volume: record?.volume ?? record?.device,
    ports: `${tenant.address}:${tenant.block.first}–${tenant.block.last}`,
  };
}

interface SeenFiles {
  readonly isSetUp: boolean;
  readonly disk?: Space | undefined;
  /** Why they cannot be seen: what one tenant put in their place must not hide the others. */
  readonly trouble?: string;
}

async function seeFiles({ files }: Host, tenant: Tenant): Promise<SeenFiles> {
  try {
    const [env, isMounted] = await Promise.all([
      files.stat(envPath(tenant)),
      files.isMountPoint(tenant.baseDir),
    ]);
    return { isSetUp: env !== undefined, disk: isMounted ? await files.space(tenant.baseDir) : undefined };
  } catch (thrown) {
    if (!(thrown instanceof AiplatError)) throw thrown;
    return { isSetUp: false, trouble: thrown.what };
  }
}

function stateOf(containers: readonly FoundContainer[], isSetUp: boolean): string {
  if (containers.length === 0) return isSetUp ? 'set up, not deployed' : 'admitted';
  const well = containers.filter(isWell).length;
  return `${well} of ${containers.length} services well`;
}

const gibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

const tenantTable = (rows: readonly Row[]): string[] =>
  table<Row>(
    [
      { title: 'tenant', cell: ({ tenant }) => tenant },
      { title: 'user', cell: ({ user }) => user ?? 'not admitted' },
      { title: 'state', cell: ({ state }) => state },
      {
        title: 'memory',
        cell: ({ use, limits }) => `${mebibytes(use?.memoryBytes)} of ${mebibytes(limits.memoryBytes)}`,
        align: 'right',
      },
      {
        title: 'processes',
        cell: ({ use, limits }) => `${use?.pids ?? '–'} of ${limits.pids}`,
        align: 'right',
      },
      {
        title: 'disk',
        cell: ({ disk }) =>
          disk === undefined ? '–' : `${gibibytes(disk.usedBytes)} of ${gibibytes(disk.totalBytes)}`,
        align: 'right',
      },
      { title: 'volume', cell: ({ volume }) => volume ?? '–' },
      { title: 'ports', cell: ({ ports }) => ports },
    ],
    rows,
  );
