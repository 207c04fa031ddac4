import type { Service } from '../catalog/schema.ts';
import { AiplatError, EXIT } from '../errors.ts';
import { demandOf, type Fit, misfit } from '../stack/fit.ts';
import { limitsOf } from '../tenant/host-config.ts';
import { LABEL } from '../tenant/names.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';
import { withoutEngine } from './without-engine.ts';

const MB = 1_000_000;
const megabytes = (bytes: number): number => Math.floor(bytes / MB);

export interface ForceOptions {
  /** Go on although memory or disk will not do. */
  readonly force?: boolean;
}

/**
 * Whether these services fit into what the tenant and the machine have.
 * @param hasVolume is the tenant's volume mounted already?
 */
export async function findFit(
  context: Context,
  { tenant, config, record }: Place,
  services: readonly Service[],
  hasVolume: boolean,
): Promise<Fit> {
  const { docker, files, meters } = context.host;
  const images = services.map(({ sources }) => sources.official?.image ?? '');
  const [running, engine, found, memory, volume] = await Promise.all([
    docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } }).catch(withoutEngine),
    docker.facts().catch(unlessNotReady),
    config.images === 'official' ? docker.listImages(images).catch(withoutEngine) : [],
    meters.memory(),
    hasVolume ? files.space(tenant.baseDir) : undefined,
  ]);
  const store = engine && (await files.space(engine.dataRoot));
  const names = new Set(
    running.flatMap(({ state, labels }) => (state === 'running' ? labels[LABEL.service] : [])),
  );
  const present = new Set(found.flatMap(({ tags }) => tags));
  const all = services.map(demandOf);
  const free = (space: typeof volume): number | undefined =>
    space && megabytes(space.totalBytes - space.usedBytes);
  return {
    tenant: tenant.name,
    all,
    coming: all.filter(({ service }) => !names.has(service)),
    // Embedded images are the admin's to build: a deploy pulls none.
    pulled: all.filter((_, at) => config.images === 'official' && !present.has(images[at] ?? '')),
    room: {
      quotaMb: megabytes(limitsOf(config, record).memoryBytes),
      hostMb: megabytes(memory.totalBytes),
      hostFreeMb: megabytes(memory.availableBytes),
      volumeFreeMb: free(volume),
      imagesFreeMb: free(store),
    },
  };
}

/** @throws AiplatError (exit 2 or 3) when it cannot fit and nobody insists. */
export function requireFit({ report }: Context, fit: Fit, { force }: ForceOptions): void {
  const trouble = misfit(fit);
  if (trouble === undefined) return;
  if (force !== true) throw trouble;
  report.warn(`${trouble.what} ${trouble.why}`);
}

function unlessNotReady(thrown: unknown): undefined {
  if (thrown instanceof AiplatError && thrown.exitCode === EXIT.notReady) return undefined;
  throw thrown;
}
