import { isNamed } from '../../catalog/catalog.ts';
import { askedKeys, expand } from '../../catalog/expand.ts';
import { credentialsOf } from '../../catalog/models.ts';
import type { Service } from '../../catalog/schema.ts';
import { AiplatError, EXIT, refused } from '../../errors.ts';
import { table } from '../../report/table.ts';
import { stackScope } from '../../stack/scope.ts';
import { selectedServices } from '../../stack/select.ts';
import { LABEL } from '../../tenant/names.ts';
import type { Settings } from '../../tenant/settings.ts';
import { openAudit } from '../audit.ts';
import type { Context, TenantOptions } from '../context.ts';
import { readEdge } from '../edge-wish.ts';
import { enter, type Place, requireRoot } from '../enter.ts';
import { readSettings } from '../read-stack.ts';
import { withoutEngine } from '../without-engine.ts';

export interface CredentialsOptions extends TenantOptions {
  /** Of this service alone. */
  readonly service?: string;
  readonly dryRun?: boolean;
}

interface Row {
  readonly service: string;
  readonly what: string;
  readonly value: string;
}

/** What an entry of the catalogue has to show, before it is filled in. */
type Entry = Service['credentials'][number] & Pick<Row, 'service'>;

/** Shows a tenant the addresses and secrets of its services. That somebody saw them stands in the audit log. */
export async function credentials(context: Context, options: CredentialsOptions): Promise<void> {
  if (options.dryRun === true) {
    throw refused(
      '--dry-run was given without --rotate.',
      'Showing credentials changes nothing.',
      'Leave it away, or name the secret that would be changed: --rotate VALKEY_PASSWORD --dry-run',
    );
  }
  const { report } = context;
  const place = await enter(context, options);
  requireRoot(context);
  const settings = await readSettings(context, place.tenant);
  const services = await presentServices(context, place, settings);
  const wanted = options.service === undefined ? services : requireService(place, services, options.service);
  const edge = await readEdge(context.host, place.config);
  const scope = stackScope({ tenant: place.tenant, settings, catalog: place.catalog, edge }, services);
  const isMade = options.service !== undefined;
  const entries = wanted.flatMap((service) =>
    credentialsOf(service, services).map((entry): Entry => ({ ...entry, service: service.name })),
  );
  await noteShown(context, place, entries, isMade);
  const rows = await Promise.all(
    entries.map(async ({ service, what, value, made }): Promise<Row> => {
      const command = isMade && made?.map((word) => expand(word, scope));
      const shown = command ? await make(context, place, service, command) : expand(value, scope);
      return { service, what, value: shown };
    }),
  );
  report.document({ tenant: place.tenant.name, credentials: rows });
  report.show(
    table(
      [
        { title: 'service', cell: ({ service }) => service },
        { title: 'what', cell: ({ what }) => what },
        { title: 'value', cell: ({ value }) => value },
      ],
      rows,
    ),
  );
}

/** The services that are switched on, and those that still run. */
async function presentServices(
  context: Context,
  { tenant, config, catalog }: Place,
  settings: Settings,
): Promise<Service[]> {
  const labels = { [LABEL.tenant]: tenant.name };
  const found = await context.host.docker.listContainers({ labels }).catch(withoutEngine);
  const names = new Set([
    ...selectedServices(catalog, settings, config.images).map(({ name }) => name),
    ...found.filter(({ state }) => state === 'running').map((one) => one.labels[LABEL.service]),
  ]);
  return [...catalog.values()].filter(({ name }) => names.has(name));
}

/** The service of this name, with its parts. */
function requireService({ tenant }: Place, services: readonly Service[], name: string): Service[] {
  const found = services.filter((service) => isNamed(service, [name]));
  if (found.length > 0) return found;
  throw refused(
    `${tenant.name} has no service ${JSON.stringify(name)}.`,
    `It has ${services.map((service) => service.name).join(', ')}.`,
    'Take one of these, or switch the service on: aiplat setup --services …',
  );
}

/** What a running service makes and prints. @throws AiplatError (exit 4) when it does not. */
async function make(
  { host }: Context,
  { tenant }: Place,
  service: string,
  command: readonly string[],
): Promise<string> {
  const labels = { [LABEL.tenant]: tenant.name, [LABEL.service]: service };
  const running = (await host.docker.listContainers({ labels })).find(({ state }) => state === 'running');
  const { exitCode, output } =
    running === undefined
      ? { exitCode: -1, output: 'It does not run.' }
      : await host.docker.exec(running.id, command);
  if (exitCode === 0) return output.trim();
  throw new AiplatError({
    what: `${tenant.name}: ${service} makes nothing for you now.`,
    why: output.trim().split('\n').at(-1) || 'It said nothing.',
    fix: `Wait until it is healthy (aiplat ops status --tenant ${tenant.name}), then type the same command again.`,
    exitCode: EXIT.unhealthy,
  });
}

/** Before the first letter is shown, so that nothing is seen that no line tells of. */
async function noteShown(
  context: Context,
  { tenant }: Place,
  entries: readonly Entry[],
  isMade: boolean,
): Promise<void> {
  const made = entries.flatMap((entry) => (isMade && entry.made !== undefined ? [entry.what] : []));
  const keys = entries.flatMap(({ value }) => askedKeys(value, 'secret'));
  const showed = [...new Set([...keys, ...made])];
  if (showed.length === 0) return;
  const audit = await openAudit(context, tenant.name);
  await audit.write({ outcome: 'done', showed });
}
