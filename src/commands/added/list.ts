import { refused } from '../../errors.ts';
import { table } from '../../report/table.ts';
import type { Added } from '../../tenant/added.ts';
import { urlOf } from '../../tenant/urls.ts';
import type { Context, TenantOptions } from '../context.ts';
import { readEdge } from '../edge-wish.ts';
import { enter, type Place, requireRoot } from '../enter.ts';
import { readEnvText } from '../read-env.ts';
import { readSettings } from '../read-stack.ts';

/** Shows what an admin added to a stack. */
export async function listServices(
  context: Context,
  named: string | undefined,
  options: TenantOptions,
): Promise<void> {
  if (named !== undefined && options.tenant !== undefined && named !== options.tenant) {
    throw refused(
      `${named} and --tenant ${options.tenant} were both given.`,
      'One tenant has one list.',
      'Name one of them.',
    );
  }
  requireRoot(context);
  const place = await enter(context, named === undefined ? options : { ...options, tenant: named });
  const addresses = await addressesOf(context, place);
  const rows = [...place.added].map(([name, one]) => rowOf(place, name, one, addresses.get(name)));
  const { report } = context;
  report.document({ tenant: place.tenant.name, services: rows });
  if (rows.length === 0) return report.show([`Nothing was added to ${place.tenant.name}.`]);
  report.show(
    table(
      [
        { title: 'service', cell: ({ service }) => service },
        { title: 'image', cell: ({ image }) => image },
        { title: 'port', cell: ({ published, port }) => `${published} → ${port}` },
        { title: 'address', cell: ({ address }) => address ?? '–' },
        { title: 'since', cell: ({ since }) => since },
        { title: 'by', cell: ({ by }) => by },
      ],
      rows,
    ),
  );
}

/** Where their pages are; the port of Caddy is known once the tenant is set up. */
async function addressesOf(context: Context, place: Place): Promise<ReadonlyMap<string, string>> {
  if ((await readEnvText(context.host, place.tenant)) === undefined) return new Map();
  const [settings, edge] = await Promise.all([
    readSettings(context, place.tenant),
    readEdge(context.host, place.config),
  ]);
  return new Map(
    [...place.added.keys()].flatMap((name) => {
      const service = place.catalog.get(name);
      const url = service === undefined ? undefined : urlOf(service, settings, edge?.settings);
      return url === undefined ? [] : [[name, url] as const];
    }),
  );
}

interface Row extends Pick<Added, 'image' | 'port' | 'since' | 'by' | 'memoryMb' | 'needs' | 'mounts'> {
  readonly service: string;
  readonly published: string;
  readonly address: string | undefined;
}

/** Without its settings: some of them are secrets. */
const rowOf = (
  { tenant }: Place,
  service: string,
  { image, port, published, since, by, memoryMb, needs, mounts }: Added,
  address: string | undefined,
): Row => ({
  service,
  ...{ image, port, address, since, by, memoryMb, needs, mounts },
  published: `${tenant.address}:${published}`,
});
