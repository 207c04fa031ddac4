import {
  catalog,
  PRESETS,
  type Preset,
  unknownService,
  vectorDbService,
  vectorDbs,
} from '../catalog/catalog.ts';
import { refused } from '../errors.ts';
import type { Fit } from '../stack/fit.ts';
import { selectedServices } from '../stack/select.ts';
import type { Step } from '../stack/step.ts';
import type { EnvChoices } from '../tenant/env-plan.ts';
import { namesVolume } from '../volumes/find.ts';
import { carryOut } from './carry-out.ts';
import { requireSameName } from './confirm.ts';
import type { Context, TenantOptions } from './context.ts';
import { enter, type Place, requireRoot, requireVolume } from './enter.ts';
import { type ForceOptions, findFit, requireFit } from './find-fit.ts';
import { tenantLock, whileLocked } from './locked.ts';
import { presetNames, type SetupDraft } from './setup-draft.ts';
import { overviewDocument, overviewLines } from './setup-overview.ts';
import { askSetup } from './setup-questions.ts';
import { draftWithVolume, mountUnseenVolume, planUnseenVolume } from './setup-volume.ts';
import { announceChange, requireAgreement } from './vector-change.ts';

export interface SetupOptions extends TenantOptions, ForceOptions {
  readonly preset?: string;
  readonly services?: readonly string[];
  readonly vectorDb?: string;
  readonly domain?: string;
  /** The tenant's name, typed once more, when a change leaves data behind. */
  readonly confirm?: string;
  readonly dryRun?: boolean;
}

/** Mounts a tenant's volume, makes its directories and `.env`. Run again, it adds what is new and loses nothing. */
export async function setup(context: Context, options: SetupOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  const asked = requireChoices(place, options);
  if (options.confirm !== undefined) requireSameName(place.tenant, options.confirm);
  if (options.dryRun === true) return preview(context, place, asked, options);
  if (!namesVolume(place.record)) await requireVolume(context, place);
  const mounted = await mountUnseenVolume(context, place, asked, options);
  const answered = await askSetup(context, place, asked);
  await whileLocked(context, tenantLock(place), options, async () => {
    const plan = await draftWithVolume(context, place, answered);
    const fit = await fitOf(context, place, plan, options);
    await make(context, place, { plan, fit, done: mounted, confirm: options.confirm });
  });
}

/** Shows what a setup would do, as far as that can be known before the volume is mounted. */
async function preview(
  context: Context,
  place: Place,
  asked: EnvChoices,
  options: ForceOptions,
): Promise<void> {
  const { report } = context;
  const first = await planUnseenVolume(context, place, asked);
  if (first.length > 0) {
    report.document({ tenant: place.tenant.name });
    report.plan(first, true);
    return report.show([
      `${first.length} steps would be taken; what follows depends on what the volume holds. Nothing was changed.`,
    ]);
  }
  const plan = await draftWithVolume(context, place, asked);
  const fit = await fitOf(context, place, plan, options);
  announce(context, place, { plan, fit }, true);
  report.plan(plan.steps, true);
  report.show([`${plan.steps.length} steps would be taken; nothing was changed.`]);
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
  const engine = vectorDbService(catalog, vectorDb ?? '');
  const names = [...(services ?? []), ...(engine === undefined ? [] : [engine.name])];
  for (const name of names) requireAvailable(name, config.images);
  const named = preset === undefined ? services : presetNames(preset as Preset, config.images);
  return { domain, vectorDb, services: named };
}

function requireAvailable(name: string, source: 'official' | 'embedded'): void {
  const entry = catalog.get(name);
  if (entry === undefined || entry.partOf !== undefined) throw unknownService(catalog, name);
  if (entry.sources[source] !== undefined) return;
  throw refused(
    `${name} is not to be had on this host.`,
    `The host uses ${source} images, and ${name} has none of that kind.`,
    'Leave it out, or let the admin change "images" in the host config.',
  );
}

/** What the selection takes; nothing is asked when nothing is about to change. @throws AiplatError when it cannot fit. */
async function fitOf(
  context: Context,
  place: Place,
  { settings, steps, hasVolume }: SetupDraft,
  options: ForceOptions,
): Promise<Fit | undefined> {
  if (steps.length === 0) return undefined;
  const fit = await findFit(
    context,
    place,
    selectedServices(catalog, settings, place.config.images),
    hasVolume,
  );
  requireFit(context, fit, options);
  return fit;
}

interface Draft {
  readonly plan: SetupDraft;
  readonly fit: Fit | undefined;
}

function announce(context: Context, place: Place, { plan, fit }: Draft, isDry: boolean): void {
  const { report } = context;
  report.document(overviewDocument(place, plan, fit));
  if (isDry) report.show([...overviewLines(place, plan, fit), '']);
  for (const { key, from, to, holder } of plan.moved) {
    report.warn(`${key} moves from ${from} to ${to}: ${holder} has ${from}.`);
  }
  if (plan.vectorChange !== undefined) announceChange(context, plan.vectorChange);
}

interface Making extends Draft {
  /** Steps that were taken already, because the others depend on what they brought to light. */
  readonly done: readonly Step[];
  readonly confirm: string | undefined;
}

async function make(context: Context, place: Place, { plan, fit, done, confirm }: Making): Promise<void> {
  const { report } = context;
  const { name } = place.tenant;
  announce(context, place, { plan, fit }, false);
  report.plan([...done, ...plan.steps], false);
  if (plan.vectorChange !== undefined)
    await requireAgreement(context, place.tenant, confirm, plan.vectorChange);
  await carryOut(context, name, plan.steps);
  if (done.length + plan.steps.length === 0) return report.show([`Nothing to do: ${name} is set up.`]);
  report.show([
    ...(plan.isNew ? ['', ...overviewLines(place, plan, fit), ''] : []),
    `Next: aiplat deploy --tenant ${name}`,
  ]);
}
