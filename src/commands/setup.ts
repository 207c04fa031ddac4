import { catalog, PRESETS, type Preset, unknownService, vectorDbs } from '../catalog/catalog.ts';
import { refused } from '../errors.ts';
import type { EnvChoices } from '../tenant/env-plan.ts';
import { carryOut } from './carry-out.ts';
import type { Context, TenantOptions } from './context.ts';
import { enter, type Place, requireRoot, requireVolume } from './enter.ts';
import { tenantLock, whileLocked } from './locked.ts';
import { draft, presetNames, type SetupDraft } from './setup-draft.ts';
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
  if (options.dryRun === true) return make(context, place, await draft(context, place, asked), true);
  await requireVolume(context, place);
  const answered = await askSetup(context, place, asked);
  await whileLocked(context, tenantLock(place), options, async () => {
    await make(context, place, await draft(context, place, answered), false);
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
  const named = preset === undefined ? services : presetNames(preset as Preset, config.images);
  return { domain, vectorDb, services: named };
}

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

async function make(context: Context, place: Place, plan: SetupDraft, isDry: boolean): Promise<void> {
  const { report } = context;
  report.document(overviewDocument(place, plan));
  if (isDry) report.show([...overviewLines(place, plan), '']);
  for (const { key, from, to, holder } of plan.moved) {
    report.warn(`${key} moves from ${from} to ${to}: ${holder} has ${from}.`);
  }
  report.plan(plan.steps, isDry);
  if (isDry) return report.show([`${plan.steps.length} steps would be taken; nothing was changed.`]);
  await carryOut(context, place.tenant.name, plan.steps);
  if (plan.steps.length === 0) return report.show([`Nothing to do: ${place.tenant.name} is set up.`]);
  report.show([
    ...(plan.isNew ? ['', ...overviewLines(place, plan), ''] : []),
    `Next: aiplat deploy --tenant ${place.tenant.name}`,
  ]);
}
