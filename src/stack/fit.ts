import type { Service } from '../catalog/schema.ts';
import { type AiplatError, notReady, refused } from '../errors.ts';

/** What services take, in megabytes. */
export interface Demand {
  readonly service: string;
  /** When nobody uses it. */
  readonly memoryMb: number;
  /** What its container may use at most. */
  readonly mostMb: number;
  readonly imageMb: number;
  readonly dataMb: number;
}

/** What there is, in megabytes; undefined where it cannot be known yet. */
export interface Room {
  readonly quotaMb: number;
  readonly hostMb: number;
  readonly hostFreeMb: number;
  /** Of the tenant's volume, once it is mounted. */
  readonly volumeFreeMb: number | undefined;
  /** Where the engine keeps images, once it runs. */
  readonly imagesFreeMb: number | undefined;
}

export interface Fit {
  readonly tenant: string;
  readonly room: Room;
  readonly all: readonly Demand[];
  /** Those that do not run yet: what runs has its share already. */
  readonly coming: readonly Demand[];
  /** Those whose image is still to be pulled. */
  readonly pulled: readonly Demand[];
}

/**
 * Of an entry that does not say: a quarter of what it may have (of the measured ones n8n, OpenClaw and the meters take
 * a third, all others far less), and an image of common size.
 */
export const demandOf = ({ name, limits: { memoryMb }, takes }: Service): Demand => ({
  service: name,
  mostMb: memoryMb,
  ...(takes ?? { memoryMb: Math.round(memoryMb / 4), imageMb: 1000, dataMb: 100 }),
});

type Resource = 'memoryMb' | 'mostMb' | 'imageMb' | 'dataMb';

const sum = (demands: readonly Demand[], key: Resource): number =>
  demands.reduce((total, demand) => total + demand[key], 0);

/** What is wanted beside what is there, for a person. */
export function fitLines({ room, all, coming, pulled }: Fit): [string, string][] {
  const left = (mb: number | undefined): string => (mb === undefined ? 'not known yet' : `${mb} MB`);
  return [
    [
      'memory',
      `about ${sum(all, 'memoryMb')} MB at rest, ${sum(all, 'mostMb')} MB at most; ` +
        `quota ${room.quotaMb} MB, host ${room.hostMb} MB with ${room.hostFreeMb} MB free`,
    ],
    [
      'disk',
      `about ${sum(coming, 'dataMb')} MB to begin with, free on the volume: ${left(room.volumeFreeMb)}; ` +
        `${sum(pulled, 'imageMb')} MB of images, free beside the engine: ${left(room.imagesFreeMb)}`,
    ],
  ];
}

/** The same for a program. */
export const fitDocument = ({ room, all, coming, pulled }: Fit): object => ({
  memoryMb: sum(all, 'memoryMb'),
  mostMemoryMb: sum(all, 'mostMb'),
  dataMb: sum(coming, 'dataMb'),
  imagesMb: sum(pulled, 'imageMb'),
  room,
});

/** Why this cannot fit: exit 2 when the selection is larger than the quota, 3 when the machine is too full. */
export function misfit(fit: Fit): AiplatError | undefined {
  const { tenant, room, all, coming, pulled } = fit;
  const memory = sum(all, 'memoryMb');
  if (memory > room.quotaMb) {
    return refused(
      `${tenant}: these services need more memory than the tenant may have.`,
      `They take about ${memory} MB at rest (${largest(all, 'memoryMb')}); the quota is ${room.quotaMb} MB.`,
      'Leave services out (aiplat setup --services …), or let an admin raise "quota"; --force goes on all the same.',
    );
  }
  const lacks: readonly [string, readonly Demand[], Resource, number | undefined, string][] = [
    ['memory of this host', coming, 'memoryMb', room.hostFreeMb, 'Stop something else'],
    [
      'room on the volume',
      coming,
      'dataMb',
      room.volumeFreeMb,
      'Make room, or let an admin enlarge the disk',
    ],
    ['room for images', pulled, 'imageMb', room.imagesFreeMb, 'An admin types: docker image prune'],
  ];
  for (const [what, demands, key, free, remedy] of lacks) {
    const wanted = sum(demands, key);
    if (free === undefined || wanted <= free) continue;
    return notReady(
      `${tenant}: there is not enough ${what}.`,
      `About ${wanted} MB are needed (${largest(demands, key)}), ${free} MB are free.`,
      `${remedy}, or leave services out (aiplat setup --services …); --force goes on all the same.`,
    );
  }
  return undefined;
}

const largest = (demands: readonly Demand[], key: Resource): string =>
  [...demands]
    .sort((one, other) => other[key] - one[key])
    .slice(0, 3)
    .map((demand) => `${demand.service} ${demand[key]}`)
    .join(', ');
