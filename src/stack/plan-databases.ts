import { DATABASE_SERVER, SUPERUSER_SHELL } from '../catalog/databases.ts';
import { containerName } from '../tenant/names.ts';
import type { Observed } from './observe.ts';
import type { PlanScope } from './plan.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';
import { alignId, databasesId, filesId, serviceId } from './step-ids.ts';

/**
 * Databases are made or mended where the mark of it is missing or tells of others, and all of them when the
 * server is made: its data may be new, or from a backup with older passwords.
 * @param steps what is done about containers.
 */
export function planDatabases(
  stack: Stack,
  observed: Observed,
  steps: readonly Step[],
  { only }: PlanScope,
): Step[] {
  const isServerNew = steps.some(
    ({ id, do: deed }) => deed === 'create container' && id === serviceId(DATABASE_SERVER),
  );
  const isDue = ({ service, databases }: WantedService): boolean =>
    isServerNew ||
    ((only?.has(service.name) ?? true) && observed.texts.get(databases?.marker ?? '') !== databases?.mark);
  return stack.services.flatMap((wanted) => {
    const { service, databases } = wanted;
    if (databases === undefined || !isDue(wanted)) return [];
    return [
      {
        id: databasesId(service.name),
        do: 'align data',
        target: containerName(stack.tenant.name, DATABASE_SERVER),
        why: `${service.name} needs ${databases.names.join(', ')}`,
        needs: [serviceId(DATABASE_SERVER), alignId(DATABASE_SERVER), filesId(service.name)],
        command: SUPERUSER_SHELL,
        input: databases.statements,
        marker: databases.marker,
        mark: databases.mark,
      },
    ];
  });
}
