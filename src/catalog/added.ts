import { isMountPath } from '../apparmor/profile.ts';
import { type AiplatError, refused } from '../errors.ts';
import type { Added, AddedServices } from '../tenant/added.ts';
import type { Catalog } from './catalog.ts';
import { defineService } from './define.ts';
import { hasPlaceholder } from './expand.ts';
import type { Service } from './schema.ts';

/** As the tenant's own catalogue: that of aiplat with what an admin added to its stack. */
export const withAdded = (all: Catalog, added: AddedServices): Catalog =>
  added.size === 0
    ? all
    : new Map([
        ...all,
        ...[...added]
          .filter(([name]) => !all.has(name))
          .map(([name, one]) => [name, serviceOf(name, one)] as const),
      ]);

/** The entry that an added service has. Nothing in it can ask for a privilege. */
function serviceOf(name: string, added: Added): Service {
  const { image, port, published } = added;
  const mounts = Object.entries(added.mounts).map(([path, dir]) => ({ path, dir }));
  const source = { image };
  return {
    ...defineService({
      name,
      title: name,
      summary: `added by an admin: ${image}`,
      presets: [],
      sources: { official: source, embedded: source },
      user: added.runAs,
      ...(added.readWriteRoot && { writableRootBecause: 'the admin who added it said so' }),
      mounts,
      tmpfs: [{ path: '/tmp', sizeMb: 64 }],
      env: { HOME: mounts[0]?.path ?? '/tmp', ...added.env, ...added.secretEnv },
      ...(mounts.length > 0 && { backup: BACKUP }),
      dependsOn: added.needs,
      credentials: added.route ? [{ what: 'address', value: `{{url.${name}}}` }] : [],
      health: { test: healthTest(added), startPeriodMs: START_PERIOD_MS },
      limits: { memoryMb: added.memoryMb, cpus: 1, pids: 256 },
      ports: [{ port: published, container: port }],
      ...(added.route && { route: { port, subdomain: name } }),
      licence: 'as its image says',
    }),
    isAdded: true,
  };
}

const BACKUP = {
  how: 'stopped',
  because: 'nobody knows which of its files have to be of the same moment',
} as const;
const START_PERIOD_MS = 60_000;

const isPage = (health: string): boolean => health.startsWith('/') && !/\s/.test(health);

/** Plain words are run as they are; anything else is the business of the image's shell. */
function healthTest({ health, port }: Pick<Added, 'health' | 'port'>): string[] {
  if (health === undefined) return [];
  if (isPage(health)) {
    const url = `'http://127.0.0.1:${port}${health}'`;
    return ['CMD-SHELL', `curl -fsS -o /dev/null ${url} || wget -q -O /dev/null ${url}`];
  }
  return /^[\w./:=@%+, -]+$/.test(health) ? ['CMD', ...health.split(/ +/)] : ['CMD-SHELL', health];
}

/** Names under which a service, its data or its page would be somebody else's. */
export const takenNames = (all: Catalog): Set<string> =>
  new Set(
    [...all.values()].flatMap(({ name, mounts, route }) => [
      name,
      ...mounts.map(({ dir }) => dir),
      ...(route === undefined ? [] : [route.subdomain]),
    ]),
  );

/** Why a service cannot be called so; undefined when it can. @param all the catalogue of aiplat, without what was added. */
export function nameFault(all: Catalog, name: string): AiplatError | undefined {
  if (!/^[a-z][a-z0-9-]{0,27}$/.test(name)) {
    return refused(
      `${JSON.stringify(name)} is no name for a service.`,
      'It becomes a host name, a directory and part of a profile.',
      'Begin with a letter; write small letters, digits and hyphens, 28 at most.',
    );
  }
  if (!takenNames(all).has(name)) return undefined;
  return refused(
    `The name ${name} is taken.`,
    all.has(name)
      ? 'The catalogue has a service of this name.'
      : 'A service of the catalogue has its data or its page under this name.',
    all.has(name)
      ? `Switch that one on (aiplat setup --services …), or take another name.`
      : 'Take another name.',
  );
}

/** Why an added service cannot be what is said of it; undefined when it can. */
export function addedFault(
  name: string,
  { mounts, health, env, secretEnv }: Pick<Added, 'mounts' | 'health' | 'env' | 'secretEnv'>,
): AiplatError | undefined {
  const mount = Object.keys(mounts).find((path) => !isMountPath(path));
  if (mount !== undefined) {
    return refused(
      `--mount ${mount} cannot be the place of data.`,
      'The image, the system or every container has something there, or the path is not plain.',
      `It is a path inside the container, such as /data; on the host the data lies in data/${name} of the tenant's volume.`,
    );
  }
  if (health !== undefined && isPage(health) && !/^[\w./~%?=&-]+$/.test(health)) {
    return refused(
      `--health ${health} is no page.`,
      'It begins with / and is no plain path.',
      'Write a path such as /healthz, or a command with a blank in it.',
    );
  }
  const texts = [...Object.entries({ ...env, ...secretEnv }), ['--health', health ?? ''] as const];
  const filled = texts.find(([, text]) => hasPlaceholder(text));
  if (filled === undefined) return undefined;
  return refused(
    `${filled[0]} of ${name} has {{…}} in it.`,
    'aiplat fills such places in texts of its catalogue, and in those alone.',
    'Write the value itself.',
  );
}

/**
 * The folders of the paths where a service keeps data: a path that had one keeps it, the others take what is left of
 * NAME, NAME-2, and so on, so that a path that was mended finds the data.
 * @param taken names that others have.
 */
export function foldersFor(
  name: string,
  paths: readonly string[],
  before: Added['mounts'],
  taken: ReadonlySet<string>,
): Added['mounts'] {
  const kept = new Set(paths.flatMap((path) => before[path] ?? []));
  const free = Array.from({ length: paths.length + kept.size + taken.size + 1 }, (_, at) =>
    at === 0 ? name : `${name}-${at + 1}`,
  ).filter((dir) => !kept.has(dir) && !taken.has(dir));
  return Object.fromEntries(paths.map((path) => [path, before[path] ?? free.shift() ?? name]));
}

/** Why what it needs cannot be had; undefined when it can. @param all the tenant's catalogue, without the service itself. */
export function needsFault(
  all: Catalog,
  name: string,
  needs: readonly string[],
  source: 'official' | 'embedded',
): AiplatError | undefined {
  for (const need of needs) {
    if (all.get(need)?.sources[source] === undefined || need === name) {
      return refused(
        `${name} cannot need ${need}.`,
        need === name ? 'It would wait for itself.' : 'This host has no such service.',
        `There are ${[...all.values()]
          .filter(({ sources }) => sources[source])
          .map((one) => one.name)
          .join(', ')}.`,
      );
    }
    if (!reaches(all, need, name)) continue;
    return refused(
      `${name} cannot need ${need}.`,
      `${need} needs ${name} already: each would wait for the other.`,
      'Leave one of the two needs away.',
    );
  }
  return undefined;
}

const reaches = (all: Catalog, from: string, to: string): boolean =>
  (all.get(from)?.dependsOn ?? []).some((next) => next === to || reaches(all, next, to));
