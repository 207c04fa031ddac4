import { firstToEnd, type Served, servedWords } from '../../proxy/renewal.ts';
import type { Context } from '../context.ts';
import type { Place } from '../enter.ts';
import { readSettings } from '../read-stack.ts';

/** What the tenant's Caddy really serves under these names. */
export async function lookAt(
  context: Context,
  { tenant }: Place,
  hostnames: readonly string[],
): Promise<Served[]> {
  const { host } = context;
  const { ports } = await readSettings(context, tenant);
  const endpoint = { address: tenant.address, port: ports.CADDY_HTTPS_PORT };
  return Promise.all(
    hostnames.map(async (hostname) => ({
      hostname,
      certificate: await host.certificates.served(endpoint, hostname),
    })),
  );
}

/** A person wants to know; cron does not. */
export function sayUntil({ report }: Context, { tenant }: Place, served: readonly Served[]): void {
  const first = firstToEnd(served);
  if (report.terminal.isLive && first !== undefined)
    report.show([`${tenant.name}: nothing is due. The first to end: ${servedWords(first)}`]);
}
