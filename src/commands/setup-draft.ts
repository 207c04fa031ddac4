import { catalog, type Preset, presetServices } from '../catalog/catalog.ts';
import { AiplatError } from '../errors.ts';
import { allocatePorts, type MovedPort } from '../ports/allocate.ts';
import { observePaths } from '../stack/observe.ts';
import { planDirectories } from '../stack/plan-service.ts';
import type { Step } from '../stack/step.ts';
import { type EnvValues, mergeEnv } from '../tenant/env-file.ts';
import { chosenPorts, type EnvChoices, envChanges, wantedSections } from '../tenant/env-plan.ts';
import { baseDirectories, envPath } from '../tenant/layout.ts';
import { checkPartialSettings, parseSettings, type Settings } from '../tenant/settings.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';
import { takenPorts } from './ports-taken.ts';
import { readEnvText } from './read-env.ts';
import { keyContext } from './read-stack.ts';

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
}

/** Works out what a setup does; nothing is changed. */
export async function draft(context: Context, place: Place, choices: EnvChoices): Promise<SetupDraft> {
  const { host } = context;
  const { config, tenant } = place;
  const path = envPath(tenant);
  const text = await readEnvText(host, tenant);
  const existing = text === undefined ? {} : checkPartialSettings({ path, text }, tenant, keyContext);
  const containers = await host.docker.listContainers({}).catch(withoutEngine);
  const taken = await takenPorts(host, config, tenant, containers);
  const { ports, moved } = allocatePorts(tenant.block, chosenPorts(existing), taken);
  const defaults = {
    vectorDb: DEFAULT_VECTOR_DB,
    services: presetNames(DEFAULT_PRESET, config.images),
  };
  const sections = wantedSections({
    tenant,
    existing,
    choices,
    defaults,
    ports,
    keys: keyContext,
    random: host.random,
  });
  const merged = mergeEnv(text ?? '', sections);
  const settings = parseSettings({ path, text: merged }, tenant, keyContext);
  const directories = baseDirectories(tenant, settings.domain);
  const facts = await observePaths(host, [path, ...directories.map((directory) => directory.path)]);
  const why = envReason(existing, sections, text, merged);
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
            needs: directories.map((directory) => `directory ${directory.path}`),
            text: merged,
            uid: tenant.uid,
            gid: tenant.gid,
            mode: 0o600,
          },
        ];
  return {
    steps: [...chained(planDirectories(directories, facts)), ...writes],
    settings,
    moved,
    isNew: text === undefined,
  };
}

/** Parents first, one after the other: each is made inside the one before. */
const chained = (steps: readonly Step[]): Step[] =>
  steps.map((step, at) => ({ ...step, needs: at === 0 ? [] : [steps[at - 1]?.id ?? ''] }));

/** A setup needs no engine: it only asks which ports are published, and without one none are. */
function withoutEngine(thrown: unknown): [] {
  if (thrown instanceof AiplatError && thrown.exitCode === 3) return [];
  throw thrown;
}

function envReason(
  existing: EnvValues,
  sections: Parameters<typeof envChanges>[1],
  before: string | undefined,
  after: string,
): string | undefined {
  if (before === undefined) return 'not found';
  if (before === after) return undefined;
  const { added, changed } = envChanges(existing, sections);
  const parts = [
    ...(added.length === 0 ? [] : [`new: ${added.join(', ')}`]),
    ...(changed.length === 0 ? [] : [`changed: ${changed.join(', ')}`]),
  ];
  return parts.join('; ') || 'mended its last line';
}
