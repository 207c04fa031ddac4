import type { Contents, SavedDirectory } from '../../backup/contents.ts';
import type { Snapshot } from '../../backup/restic.ts';
import type { Returning } from '../../backup/restore-plan.ts';
import { catalog, isNamed } from '../../catalog/catalog.ts';
import type { Service } from '../../catalog/schema.ts';
import { refused } from '../../errors.ts';
import { ownerOf } from '../../stack/scope.ts';
import type { Stack } from '../../stack/stack.ts';
import { dataDirectory } from '../../tenant/layout.ts';
import { containerName } from '../../tenant/names.ts';
import type { Place } from '../enter.ts';
import { insertPath } from './find-data.ts';

/** @throws AiplatError (exit 2) when there is no such snapshot, or more than one. */
export function chooseSnapshot({ tenant }: Place, all: readonly Snapshot[], which: string): Snapshot {
  const found = which === 'latest' ? all.slice(-1) : all.filter(({ id }) => id.startsWith(which));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw refused(
    `${tenant.name} has ${found.length === 0 ? 'no' : 'more than one'} snapshot ${JSON.stringify(which)}.`,
    `It has ${all.map(({ id }) => id.slice(0, 8)).join(', ') || 'none'}.`,
    all.length === 0
      ? 'Make one: aiplat ops backup'
      : 'Take one of these; `aiplat ops backup list` tells more.',
  );
}

/** What of a snapshot comes back. */
export interface Chosen {
  readonly services: readonly Service[];
  readonly directories: readonly (SavedDirectory & { readonly service: Service })[];
  /** Is it one service alone? */
  readonly isPart: boolean;
}

/** @throws AiplatError (exit 2) when the snapshot has nothing of the service. */
export function requireSaved({ directories }: Contents, only: string | undefined): Chosen {
  const saved = directories.flatMap((one) => {
    const service = [...catalog.values()].find(({ mounts }) => mounts.some(({ dir }) => dir === one.dir));
    return service === undefined ? [] : [{ ...one, service }];
  });
  const wanted = saved.filter(({ service }) => only === undefined || isNamed(service, [only]));
  const services = [...new Set(wanted.map(({ service }) => service))];
  if (only === undefined || services.length > 0)
    return { services, directories: wanted, isPart: only !== undefined };
  throw refused(
    `The snapshot has nothing of ${JSON.stringify(only)}.`,
    `It has ${[...new Set(saved.map(({ service }) => service.name))].join(', ') || 'no data'}.`,
    'Take one of these, or another snapshot: aiplat ops backup list',
  );
}

/** Where it comes back, for whom. @throws AiplatError (exit 2) for a copy whose program is switched off. */
export const returningOf = (stack: Stack, { directories }: Chosen): Returning[] =>
  directories.map(({ dir, file, service }) => ({
    dir,
    file,
    service: service.name,
    owner: dataDirectory(stack.tenant, dir, ownerOf(service, stack.tenant)),
    load: file === undefined ? undefined : loadOf(stack, service, file),
  }));

function loadOf({ tenant, services }: Stack, service: Service, file: string): Returning['load'] {
  const isOn = services.some((wanted) => wanted.service.name === service.name);
  if (service.backup?.how === 'dumped' && isOn) {
    const command = insertPath(service.backup.load, service, file);
    return { container: containerName(tenant.name, service.name), command };
  }
  throw refused(
    `${tenant.name}: ${service.title} is switched off, and its data comes back through its running program.`,
    `The snapshot has it as a copy, ${file}.`,
    'Switch it on, then run the same command again: aiplat setup --services … or --vector-db …',
  );
}
