import { addedFault, foldersFor, nameFault, needsFault, takenNames, withAdded } from '../../catalog/added.ts';
import { catalog } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import type { Added } from '../../tenant/added.ts';
import { limitsOf } from '../../tenant/host-config.ts';
import { imageFault } from '../../tenant/image-name.ts';
import type { Context } from '../context.ts';
import type { Place } from '../enter.ts';
import type { ForceOptions } from '../find-fit.ts';
import { fileEnv, plainEnv } from './env-input.ts';

/** What is to be added, to whom. */
export interface Subject {
  readonly tenant: string;
  readonly name: string;
  readonly image: string;
  /** Inside the container. */
  readonly port: number;
}

export interface AddOptions extends ForceOptions {
  readonly env?: readonly string[];
  readonly envFile?: string;
  readonly mount?: readonly string[];
  readonly health?: string;
  readonly memory: number;
  readonly readWriteRoot?: boolean;
  readonly runAs: 'tenant' | 'openclaw';
  readonly route: boolean;
  readonly needs?: readonly string[];
  readonly timeout: number;
  readonly dryRun?: boolean;
  readonly waitLock?: number;
}

/** All that the admin says; where it is published and since when is found out later. */
export type Wish = Omit<Added, 'published' | 'since' | 'by'>;

/**
 * Reads what the admin wants.
 * @throws AiplatError (exit 2) for what the host's policy, the catalogue or the tenant's quota does not allow.
 */
export async function readWish(
  context: Context,
  place: Place,
  { name, image, port }: Subject,
  options: AddOptions,
): Promise<Wish> {
  const { config } = place;
  const before = place.added.get(name)?.mounts ?? {};
  const others = new Map([...place.added].filter(([other]) => other !== name));
  const all = withAdded(catalog, others);
  const wish: Wish = {
    image,
    port,
    env: plainEnv(options.env ?? []),
    secretEnv: options.envFile === undefined ? {} : await fileEnv(context, options.envFile),
    mounts: foldersFor(name, [...new Set(options.mount ?? [])], before, takenNames(all)),
    health: options.health,
    memoryMb: options.memory,
    readWriteRoot: options.readWriteRoot === true,
    runAs: options.runAs,
    route: options.route,
    needs: [...new Set(options.needs ?? [])],
  };
  const fault =
    nameFault(all, name) ??
    imageFault(image, config.addedImages, context.configPath) ??
    addedFault(name, wish) ??
    needsFault(all, name, wish.needs, config.images);
  if (fault !== undefined) throw fault;
  requireRoom(place, name, wish.memoryMb);
  return wish;
}

const MIB = 1024 * 1024;
/** The engine takes no container with less than 6 MiB, and no program of use lives in 16. */
const LEAST_MB = 16;

/** @throws AiplatError (exit 2) when it could use more memory than the tenant has. */
function requireRoom({ config, record, tenant }: Place, name: string, memoryMb: number): void {
  const most = limitsOf(config, record).memoryBytes / MIB;
  if (memoryMb >= LEAST_MB && memoryMb <= most) return;
  throw refused(
    `${name} cannot have ${memoryMb} MB of memory.`,
    `All services of ${tenant.name} together have ${most} MB, and none has less than ${LEAST_MB}.`,
    `Write --memory with a number between, or give the tenant more: aiplat host admit USER --quota memoryMb=…`,
  );
}
