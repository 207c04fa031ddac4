import {
  catalog,
  PRESETS,
  type Preset,
  presetServices,
  unknownService,
  vectorDbs,
} from '../catalog/catalog.ts';
import { AiplatError, refused } from '../errors.ts';
import { allocatePorts, type MovedPort } from '../ports/allocate.ts';
import { apply, outcomeError } from '../stack/apply.ts';
import { observePaths } from '../stack/observe.ts';
import { planDirectories } from '../stack/plan.ts';
import type { Step } from '../stack/step.ts';
import { watchHealth } from '../stack/wait.ts';
import { type EnvValues, mergeEnv } from '../tenant/env-file.ts';
import { chosenPorts, type EnvChoices, envChanges, wantedSections } from '../tenant/env-plan.ts';
import { baseDirectories, envPath } from '../tenant/layout.ts';
import { checkPartialSettings, parseSettings, type Settings } from '../tenant/settings.ts';
import type { Context, TenantOptions } from './context.ts';
import {
  CONFIG_LIMIT_BYTES,
  enter,
  keyContext,
  type Place,
  requireRoot,
  requireVolume,
  whileLocked,
} from './enter.ts';
import { takenPorts } from './ports-taken.ts';
import { overviewDocument, overviewLines } from './setup-overview.ts';
import { askSetup } from './setup-questions.ts';

export interface SetupOptions extends TenantOptions {
  readonly preset?: string;
  readonly services?: readonly string[];
  readonly vectorDb?: string;
  readonly domain?: string;
  readonly dryRun?: boolean;
}

/** Makes a tenant's directories and `.env`. Run again, it adds what is new and loses nothing. */
export async function setup(context: Context, options: SetupOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  const asked = requireChoices(place, options);
  if (options.dryRun === true) return carryOut(context, place, await draft(context, place, asked), true);
  await requireVolume(context, place);
  const answered = await askSetup(context, place, asked);
  await whileLocked(context, place, options, async () => {
    await carryOut(context, place, await draft(context, place, answered), false);
  });
}

/** The choices of a command line, checked before anything is read or touched. */
function requireChoices({ config }: Place, options: SetupOptions): EnvChoices {
  const { preset, services, vectorDb, domain } = options;
  if (preset !== undefined && services !== undefined) {
    throw refused(
      '--preset and --services were both given.',
      'A preset is a list of services.',
      'Give one of them.',
    );
  }
  if (preset !== undefined && !PRESETS.includes(preset as Preset)) {
    throw refused(
      `There is no preset ${JSON.stringify(preset)}.`,
      `There are ${PRESETS.join(', ')}.`,
      'Take one of these.',
    );
  }
  if (vectorDb !== undefined && !vectorDbs(catalog).includes(vectorDb)) {
    throw refused(
      `There is no vector database ${JSON.stringify(vectorDb)}.`,
      `There are ${vectorDbs(catalog).join(', ')}.`,
      'Take one of these.',
    );
  }
  for (const name of services ?? []) requireAvailable(name, config.images);
  const named = preset === undefined ? services : presetNames(preset as Preset, vectorDb, config.images);
  return { domain, vectorDb, services: named };
}

const DEFAULT_VECTOR_DB = 'chroma';
const DEFAULT_PRESET = 'standard';

const presetNames = (
  preset: Preset,
  vectorDb: string | undefined,
  source: 'official' | 'embedded',
): string[] => presetServices(catalog, preset, vectorDb ?? DEFAULT_VECTOR_DB, source);

function requireAvailable(name: string, source: 'official' | 'embedded'): void {
  const entry = catalog.get(name);
  if (entry === undefined) throw unknownService(catalog, name);
  if (entry.sources[source] !== undefined) return;
  throw refused(
    `${name} is not to be had on this host.`,
    `The host uses ${source} images, and ${name} has none of that kind.`,
    'Leave it out, or let the admin change "images" in the host config.',
  );
}

/** Everything that a setup is about to do, and the settings that come out of it. */
export interface SetupDraft {
  readonly steps: readonly Step[];
  readonly settings: Settings;
  readonly moved: readonly MovedPort[];
  readonly isNew: boolean;
}

async function draft(context: Context, place: Place, choices: EnvChoices): Promise<SetupDraft> {
  const { host } = context;
  const { config, tenant } = place;
  const path = envPath(tenant);
  const text = await host.files.readText(path, CONFIG_LIMIT_BYTES);
  const existing = text === undefined ? {} : checkPartialSettings({ path, text }, tenant, keyContext);
  const containers = await host.docker.listContainers({}).catch(withoutEngine);
  const taken = await takenPorts(host, config, tenant, containers);
  const { ports, moved } = allocatePorts(tenant.block, chosenPorts(existing), taken);
  const defaults = {
    vectorDb: DEFAULT_VECTOR_DB,
    services: presetNames(DEFAULT_PRESET, choices.vectorDb, config.images),
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

async function carryOut(context: Context, place: Place, plan: SetupDraft, isDry: boolean): Promise<void> {
  const { host, report } = context;
  report.document(overviewDocument(place, plan));
  if (isDry) report.show([...overviewLines(place, plan), '']);
  for (const { key, from, to, holder } of plan.moved) {
    report.warn(`${key} moves from ${from} to ${to}: ${holder} has ${from}.`);
  }
  report.plan(plan.steps, isDry);
  if (isDry) return report.show([`${plan.steps.length} steps would be taken; nothing was changed.`]);
  const outcome = await apply(
    plan.steps,
    { host, watch: watchHealth(host, {}, 0), wait: false },
    report.progress(),
  );
  const error = outcomeError(outcome, place.tenant.name);
  if (error !== undefined) throw error;
  if (plan.steps.length === 0) return report.show([`Nothing to do: ${place.tenant.name} is set up.`]);
  report.show([
    ...(plan.isNew ? ['', ...overviewLines(place, plan), ''] : []),
    `Next: aiplat deploy --tenant ${place.tenant.name}`,
  ]);
}
