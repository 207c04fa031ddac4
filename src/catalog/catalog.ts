import { refused } from '../errors.ts';
import { needsOf } from './databases.ts';
import type { ImageSource, Service } from './schema.ts';
import { anythingllm } from './services/anythingllm.ts';
import { caddy } from './services/caddy.ts';
import { chroma } from './services/chroma.ts';
import { dify } from './services/dify.ts';
import { difyApi } from './services/dify-api.ts';
import { difyPluginDaemon } from './services/dify-plugin-daemon.ts';
import { difySsrfProxy } from './services/dify-ssrf-proxy.ts';
import { difyWorker } from './services/dify-worker.ts';
import { difyWorkerBeat } from './services/dify-worker-beat.ts';
import { flowise } from './services/flowise.ts';
import { grafana } from './services/grafana.ts';
import { litellm } from './services/litellm.ts';
import { llamacpp } from './services/llamacpp.ts';
import { meters } from './services/meters.ts';
import { milvus } from './services/milvus.ts';
import { minio } from './services/minio.ts';
import { n8n } from './services/n8n.ts';
import { ollama } from './services/ollama.ts';
import { openclaw } from './services/openclaw.ts';
import { openwebui } from './services/openwebui.ts';
import { postgres } from './services/postgres.ts';
import { prometheus } from './services/prometheus.ts';
import { qdrant } from './services/qdrant.ts';
import { signal } from './services/signal.ts';
import { tailscale } from './services/tailscale.ts';
import { valkey } from './services/valkey.ts';
import { weaviate } from './services/weaviate.ts';

export type Catalog = ReadonlyMap<string, Service>;
export type Preset = 'minimal' | 'standard' | 'full';
export const PRESETS: readonly Preset[] = ['minimal', 'standard', 'full'];

/** All services that aiplat knows, in the order in which they are shown. */
export const catalog: Catalog = new Map(
  [
    caddy,
    prometheus,
    meters,
    grafana,
    openwebui,
    n8n,
    dify,
    difyApi,
    difyWorker,
    difyWorkerBeat,
    difyPluginDaemon,
    difySsrfProxy,
    anythingllm,
    minio,
    signal,
    tailscale,
    openclaw,
    flowise,
    litellm,
    ollama,
    llamacpp,
    chroma,
    qdrant,
    weaviate,
    milvus,
    postgres,
    valkey,
  ].map((entry) => [entry.name, entry]),
);

/** The name of a secret's file below /run/secrets; undefined when no entry has the secret. */
export const secretFileName = (all: Catalog, key: string): string | undefined => {
  const entries = [...all.values()];
  const secret = entries.flatMap(({ secrets }) => secrets).find((one) => one.key === key);
  return secret?.file ?? secret?.key ?? entries.find(({ givenKey }) => givenKey?.key === key)?.givenKey?.key;
};

/** What is switched on and off as one: a service and its parts. */
export const unitOf = ({ name, partOf }: Pick<Service, 'name' | 'partOf'>): string => partOf ?? name;

/** The names that somebody can choose: those of all services that are no parts. */
export const unitNames = (all: Catalog): string[] =>
  [...all.values()].filter(({ partOf }) => partOf === undefined).map(({ name }) => name);

/** The name of a service as one of these; the name of a unit stands for all of its parts. */
export const isNamed = (service: Pick<Service, 'name' | 'partOf'>, names: readonly string[]): boolean =>
  names.includes(service.name) || names.includes(unitOf(service));

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
    .filter(({ vectorDb, partOf }) => vectorDb === undefined && partOf === undefined)
    .filter(({ presets }) => presets.includes(preset))
    .map((entry) => entry.name);

/**
 * The named services with their parts and everything that they need, each once, in catalogue order.
 * @param vectorDb the tenant's vector database, which its clients need.
 * @throws AiplatError (exit 2) for a name that the catalogue does not have.
 */
export function withDependencies(all: Catalog, names: readonly string[], vectorDb?: Service): Service[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    const entry = all.get(name);
    if (entry === undefined) throw unknownService(all, name);
    wanted.add(name);
    needsOf(entry, vectorDb).forEach(add);
    for (const { name: part, partOf } of all.values()) if (partOf === name) add(part);
  };
  names.forEach(add);
  return [...all.values()].filter((entry) => wanted.has(entry.name));
}

export const unknownService = (all: Catalog, name: string): Error =>
  refused(
    `There is no service ${JSON.stringify(name)}.`,
    `The catalogue has ${unitNames(all).join(', ')}.`,
    'Take one of these names.',
  );
