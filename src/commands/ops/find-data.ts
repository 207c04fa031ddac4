import { dataDir } from '../../backup/contents.ts';
import type { Dump, FoundData } from '../../backup/plan.ts';
import type { Pause } from '../../backup/step.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Service } from '../../catalog/schema.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { Stack } from '../../stack/stack.ts';
import { LABEL } from '../../tenant/names.ts';
import type { Context } from '../context.ts';

/** The path of a copy inside the container. */
export const insertPath = (command: readonly string[], { mounts }: Service, file: string): string[] =>
  command.map((word) => word.replace('{{file}}', `${mounts[0]?.path}/${file}`));

/** The data of all services that have any, switched on or not, and what has to be done to take it whole. */
export async function findData(
  { host }: Context,
  all: Catalog,
  stack: Stack,
  containers: readonly FoundContainer[],
): Promise<FoundData[]> {
  const names = new Set(await host.files.list(dataDir(stack.tenant)));
  const present = [...all.values()].flatMap((service) => {
    const directories = service.mounts.map(({ dir }) => dir).filter((dir) => names.has(dir));
    return directories.length === 0 || service.backup?.how === 'left out' ? [] : [{ service, directories }];
  });
  return present.map(({ service, directories }) => {
    const own = containers.filter(({ labels }) => labels[LABEL.service] === service.name);
    return {
      service: service.name,
      directories,
      pauses: pausesOf(service, own, stack),
      dump: dumpOf(service, own),
    };
  });
}

const isUp = ({ state }: FoundContainer): boolean => ['running', 'restarting', 'paused'].includes(state);

/** One that should run and does not was stopped by a backup that was interrupted: it is started after this one. */
function pausesOf({ name, backup }: Service, own: readonly FoundContainer[], stack: Stack): Pause[] {
  if (backup?.how !== 'stopped') return [];
  const wanted = stack.services.find(({ service }) => service.name === name)?.container;
  return own
    .filter((container) => isUp(container) || container.name === wanted?.name)
    .map((container) => ({
      containerId: container.id,
      name: container.name,
      profile: wanted?.profile,
      wasIll: container.health === 'unhealthy' || container.state === 'restarting',
    }));
}

/** Where nothing runs, its files are of one moment as they are. */
function dumpOf(service: Service, own: readonly FoundContainer[]): Dump | undefined {
  const { backup } = service;
  const container = own.find(isUp);
  if (backup?.how !== 'dumped' || container === undefined) return undefined;
  return { container, file: backup.file, command: insertPath(backup.dump, service, backup.file) };
}
