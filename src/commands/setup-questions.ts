import {
  catalog,
  PRESETS,
  type Preset,
  presetServices,
  vectorDbService,
  vectorDbs,
} from '../catalog/catalog.ts';
import type { EnvChoices } from '../tenant/env-plan.ts';
import { envPath } from '../tenant/layout.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';

/**
 * Asks what a first setup leaves open, when a person is there to answer. Without a terminal, with --json,
 * or when there is a `.env` already, nothing is asked.
 */
export async function askSetup(context: Context, place: Place, choices: EnvChoices): Promise<EnvChoices> {
  const { host, report } = context;
  const { config, tenant } = place;
  const isFirst = (await host.files.stat(envPath(tenant))) === undefined;
  const isComplete =
    choices.services !== undefined && choices.vectorDb !== undefined && choices.domain !== undefined;
  if (!report.terminal.canAsk || !isFirst || isComplete) return choices;
  const { askChoice, askText } = await import('../report/ask.ts');
  const names = vectorDbs(catalog)
    .filter((value) => vectorDbService(catalog, value)?.sources[config.images] !== undefined)
    .map((value) => ({ value, label: value }));
  const domain = choices.domain ?? (await askText('Domain of this tenant', tenant.domain));
  const vectorDb = choices.vectorDb ?? (await askChoice('Vector database', names, names[0]?.value ?? ''));
  const listed = (preset: Preset): string[] => presetServices(catalog, preset, config.images);
  const presets = PRESETS.map((value) => ({ value, label: `${value}: ${listed(value).join(', ')}` }));
  const services = choices.services ?? listed((await askChoice('Services', presets, 'standard')) as Preset);
  return { domain, vectorDb, services };
}
