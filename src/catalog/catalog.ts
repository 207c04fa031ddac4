import { refused } from '../errors.ts';
import type { ImageSource, Service } from './schema.ts';
import { caddy } from './services/caddy.ts';
import { chroma } from './services/chroma.ts';
import { flowise } from './services/flowise.ts';
import { llamacpp } from './services/llamacpp.ts';
import { n8n } from './services/n8n.ts';
import { openclaw } from './services/openclaw.ts';
import { postgres } from './services/postgres.ts';
import { prometheus } from './services/prometheus.ts';
import { tailscale } from './services/tailscale.ts';
import { valkey } from './services/valkey.ts';

export type Catalog = ReadonlyMap<string, Service>;
export type Preset = 'minimal' | 'standard' | 'full';
export const PRESETS: readonly Preset[] = ['minimal', 'standard', 'full'];

/** All services that aiplat knows, in the order in which they are shown. */
export const catalog: Catalog = new Map(
  [caddy, prometheus, n8n, tailscale, openclaw, flowise, llamacpp, chroma, postgres, valkey].map((entry) => [
    entry.name,
    entry,
  ]),
);

/** The name of a secret's file below /run/secrets; undefined when no entry has the secret. */
export const secretFileName = (all: Catalog, key: string): string | undefined => {
  const entries = [...all.values()];
  const secret = entries.flatMap(({ secrets }) => secrets).find((one) => one.key === key);
  return secret?.file ?? secret?.key ?? entries.find(({ givenKey }) => givenKey?.key === key)?.givenKey?.key;
};

/** The values that VECTOR_DB can have. */
export const vectorDbs = (all: Catalog): string[] =>
  [...all.values()].flatMap((entry) => (entry.vectorDb === undefined ? [] : [entry.vectorDb]));

/** The service that is the vector database of this name. */
export const vectorDbService = (all: Catalog, vectorDb: string): Service | undefined =>
  [...all.values()].find((entry) => entry.vectorDb === vectorDb);

/**
 * The services of a preset, as far as this image source has them. The vector database is not among them: it
 * comes from VECTOR_DB alone, so that choosing another one leaves no second one behind.
 */
export const presetServices = (all: Catalog, preset: Preset, source: ImageSource): string[] =>
  [...all.values()]
    .filter((entry) => entry.sources[source] !== undefined)
    .filter((entry) => entry.vectorDb === undefined && entry.presets.includes(preset))
    .map((entry) => entry.name);

/**
 * The named services and everything that they need, each once, in catalogue order.
 * @throws AiplatError (exit 2) for a name that the catalogue does not have.
 */
export function withDependencies(all: Catalog, names: readonly string[]): Service[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    const entry = all.get(name);
    if (entry === undefined) throw unknownService(all, name);
    wanted.add(name);
    entry.dependsOn.forEach(add);
  };
  names.forEach(add);
  return [...all.values()].filter((entry) => wanted.has(entry.name));
}

export const unknownService = (all: Catalog, name: string): Error =>
  refused(
    `There is no service ${JSON.stringify(name)}.`,
    `The catalogue has ${[...all.keys()].join(', ')}.`,
    'Take one of these names.',
  );
