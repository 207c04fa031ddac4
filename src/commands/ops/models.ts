import { catalog } from '../../catalog/catalog.ts';
import { publicName } from '../../catalog/models.ts';
import { measureModels } from '../../models/observe.ts';
import { table } from '../../report/table.ts';
import { selectedServices } from '../../stack/select.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter, requireRoot } from '../enter.ts';
import { readSettings } from '../read-stack.ts';
import { mebibytes } from './status-table.ts';

/** Shows the models that lie on a tenant's volume, whether their servers run or not. */
export async function listModels(context: Context, options: TenantOptions): Promise<void> {
  const { host, report } = context;
  const place = await enter(context, options);
  requireRoot(context);
  const settings = await readSettings(context, place.tenant);
  const hasGateway = selectedServices(catalog, settings, place.config.images).some(
    ({ name }) => name === 'litellm',
  );
  const rows = (await measureModels(host, place.tenant)).map(({ server, name, sizeBytes }) => ({
    server,
    name,
    sizeBytes,
    asked: hasGateway ? publicName({ server, name }) : name,
  }));
  report.document({ tenant: place.tenant.name, models: rows });
  if (rows.length === 0)
    return report.show([`${place.tenant.name} has no models yet: aiplat ops models pull llama3.2:3b`]);
  report.show(
    table(
      [
        { title: 'server', cell: ({ server }) => server },
        { title: 'model', cell: ({ name }) => name },
        { title: 'size', cell: ({ sizeBytes }) => mebibytes(sizeBytes), align: 'right' },
        { title: 'clients ask for', cell: ({ asked }) => asked },
      ],
      rows,
    ),
  );
}
