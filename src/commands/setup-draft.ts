import { catalog, type Preset, presetServices } from '../catalog/catalog.ts';
import type { PathFacts } from '../host/host.ts';
import { allocatePorts, type MovedPort } from '../ports/allocate.ts';
import { observePaths } from '../stack/observe.ts';
import { planDirectories } from '../stack/plan-directories.ts';
import type { Step } from '../stack/step.ts';
import { type EnvSection, type EnvValues, mergeEnv } from '../tenant/env-file.ts';
import { chosenPorts, type EnvChoices, envChanges, wantedSections } from '../tenant/env-plan.ts';
import { baseDirectories, envPath } from '../tenant/layout.ts';
import { checkPartialSettings, parseSettings, type Settings } from '../tenant/settings.ts';
import { VOLUME } from '../volumes/plan.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';
import { findLostKeys } from './lost-keys.ts';
import { takenPorts } from './ports-taken.ts';
import { readEnvText } from './read-env.ts';
import { keyContext } from './read-stack.ts';
import { agreementStep, findVectorChange, type VectorChange, withoutFormer } from './vector-change.ts';
import { withoutEngine } from './without-engine.ts';

const DEFAULT_VECTOR_DB = 'chroma';
const DEFAULT_PRESET = 'standard';

/** The services of a preset that this host can run. */
export const presetNames = (preset: Preset, source: 'official' | 'embedded'): string[] =>
  presetServices(catalog, preset, source);

/** Everything that a setup is about to do, and the settings that come out of it. */
export interface SetupDraft {
  readonly steps: readonly Step[];
  readonly settings: Settings;
  readonly moved: readonly MovedPort[];
  readonly isNew: boolean;
  /** What is at the base directory is what the tenant will have. */
  readonly hasVolume: boolean;
  /** Data that it leaves behind. */
  readonly vectorChange: VectorChange | undefined;
}

/** In what circumstances a setup is worked out. */
export interface DraftBasis {
  /** What the base directory holds now will be hidden under a volume that is empty. */
  readonly isHidden: boolean;
  readonly random: (count: number) => Buffer;
}

/** The root of a file system that was just made. */
const FRESH_ROOT: PathFacts = { kind: 'directory', uid: 0, gid: 0, mode: 0o755 };

/** Works out what a setup does; nothing is changed. */
export async function draft(
  context: Context,
  place: Place,
  choices: EnvChoices,
  { isHidden, random }: DraftBasis,
): Promise<SetupDraft> {
  const { host } = context;
  const { config, tenant } = place;
  const path = envPath(tenant);
  const text = isHidden ? undefined : await readEnvText(host, tenant);
  const existing = text === undefined ? {} : checkPartialSettings({ path, text }, tenant, keyContext);
  const restored = await findLostKeys(context, place, existing);
  // It only asks which ports are published.
  const containers = await host.docker.listContainers({}).catch(withoutEngine);
  const taken = await takenPorts(host, config, tenant, containers);
  const { ports, moved } = allocatePorts(tenant.block, chosenPorts(existing), taken);
  const defaults = {
    vectorDb: DEFAULT_VECTOR_DB,
    services: presetNames(DEFAULT_PRESET, config.images),
  };
  const sections = wantedSections({
    tenant,
    existing: { ...existing, ...restored },
    choices: withoutFormer(choices, existing),
    defaults,
    ports,
    keys: keyContext,
    random,
  });
  const merged = mergeEnv(text ?? '', sections);
  const settings = parseSettings({ path, text: merged }, tenant, keyContext);
  const directories = baseDirectories(tenant, settings.domain);
  const facts = isHidden
    ? new Map([[tenant.baseDir, FRESH_ROOT]])
    : await observePaths(host, [path, ...directories.map((directory) => directory.path)]);
  const why = envReason({ existing, restored, sections }, text, merged);
  const found = facts.get(path);
  const isClosed = found?.uid === tenant.uid && found.mode === 0o600;
  const writes: Step[] =
    why === undefined && isClosed
      ? []
      : [
          {
            id: 'env',
            do: 'write file',
            target: path,
            why: why ?? 'others could read it',
            needs: [VOLUME, ...directories.map((directory) => `directory ${directory.path}`)],
            text: merged,
            uid: tenant.uid,
            gid: tenant.gid,
            mode: 0o600,
          },
        ];
  const vectorChange = await findVectorChange(context, tenant, existing.VECTOR_DB, settings.vectorDb);
  const agreement = vectorChange === undefined ? [] : [agreementStep(tenant, vectorChange, ['env'])];
  return {
    steps: [...chained(planDirectories(directories, facts)), ...writes, ...agreement],
    settings,
    moved,
    vectorChange,
    isNew: text === undefined,
    hasVolume: !isHidden,
  };
}

/** Parents first, one after the other: each is made inside the one before, and all on the volume. */
const chained = (steps: readonly Step[]): Step[] =>
  steps.map((step, at) => ({ ...step, needs: [at === 0 ? VOLUME : (steps[at - 1]?.id ?? '')] }));

interface EnvEdit {
  readonly existing: EnvValues;
  /** Keys of data that were found again. */
  readonly restored: EnvValues;
  readonly sections: readonly EnvSection[];
}

function envReason(
  { existing, restored, sections }: EnvEdit,
  before: string | undefined,
  after: string,
): string | undefined {
  if (before === after) return undefined;
  const { added, changed } = envChanges(existing, sections);
  const made = added.filter((key) => !(key in restored));
  const back = Object.keys(restored);
  const parts = [
    ...(before === undefined ? ['not found'] : made.length === 0 ? [] : [`new: ${made.join(', ')}`]),
    ...(changed.length === 0 ? [] : [`changed: ${changed.join(', ')}`]),
    ...(back.length === 0
      ? []
      : [`put back, because data needs it, from the files of its container: ${back.join(', ')}`]),
  ];
  return parts.join('; ') || 'mended its last line';
}
