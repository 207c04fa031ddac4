import { compareModels, type LocalModel } from '../catalog/models.ts';
import type { Host } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { dataPath } from '../tenant/layout.ts';
import { manifestBytes } from './manifest.ts';
import { shortName } from './name.ts';

/** The tenant can write there: other names are no models, and more than so many nobody has. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const MOST = 500;
const MANIFEST_LIMIT_BYTES = 64 * 1024;

/** A model with what it is made of. */
interface Lying extends LocalModel {
  /** The files that say or have its size. */
  readonly files: readonly string[];
}

/** A model with its size, as far as it can be told. */
export interface MeasuredModel extends LocalModel {
  readonly sizeBytes: number | undefined;
}

/** The models on a tenant's volume, whether their servers run or not. */
export async function observeModels(host: Host, tenant: Tenant): Promise<LocalModel[]> {
  return (await lyingModels(host, tenant)).map(({ server, name }) => ({ server, name }));
}

/** The same with their sizes. */
export async function measureModels(host: Host, tenant: Tenant): Promise<MeasuredModel[]> {
  const models = await lyingModels(host, tenant);
  return Promise.all(
    models.map(async ({ server, name, files }) => {
      const sizes = await Promise.all(
        files.map((path) => (server === 'ollama' ? manifestSize(host, tenant, path) : host.files.size(path))),
      );
      const known = sizes.filter((size) => size !== undefined);
      const sizeBytes = known.length < sizes.length ? undefined : known.reduce((sum, size) => sum + size, 0);
      return { server, name, sizeBytes };
    }),
  );
}

async function manifestSize(host: Host, tenant: Tenant, path: string): Promise<number | undefined> {
  const text = await host.files.readText(path, MANIFEST_LIMIT_BYTES, [tenant.uid, 0]);
  return text === undefined ? undefined : manifestBytes(text);
}

async function lyingModels(host: Host, tenant: Tenant): Promise<Lying[]> {
  const found = await Promise.all([
    listManifests(host, `${dataPath(tenant, 'ollama')}/models/manifests`),
    listFiles(host, dataPath(tenant, 'llamacpp')),
  ]);
  return found.flat().sort(compareModels);
}

/** Ollama has a file HOST/NAMESPACE/MODEL/TAG for each model (its manifest/paths.go). */
async function listManifests(host: Host, root: string): Promise<Lying[]> {
  let found: string[][] = [[]];
  for (const _level of ['host', 'namespace', 'model', 'tag']) {
    const deeper = await Promise.all(
      found.map(async (parts) =>
        (await namesIn(host, [root, ...parts].join('/'))).map((name) => [...parts, name]),
      ),
    );
    found = deeper.flat().slice(0, MOST);
  }
  return found.map((parts): Lying => {
    const [registry = '', namespace = '', model = '', tag = ''] = parts;
    const name = shortName({ registry, namespace, model, tag });
    return { server: 'ollama', name, files: [[root, ...parts].join('/')] };
  });
}

const isGguf = (name: string): boolean => name.endsWith('.gguf');

/** A file is one model; a folder is one whose file has parts. */
async function listFiles(host: Host, root: string): Promise<Lying[]> {
  const names = (await namesIn(host, root)).slice(0, MOST);
  const models = await Promise.all(
    names.map(async (name): Promise<Lying[]> => {
      const path = `${root}/${name}`;
      if (isGguf(name)) return [{ server: 'llamacpp', name: name.slice(0, -'.gguf'.length), files: [path] }];
      const parts = (await namesIn(host, path)).filter(isGguf);
      if (parts.length === 0) return [];
      return [{ server: 'llamacpp', name, files: parts.map((part) => `${path}/${part}`) }];
    }),
  );
  return models.flat();
}

/** In a place that may be no directory at all. */
async function namesIn(host: Host, path: string): Promise<string[]> {
  if ((await host.files.stat(path))?.kind !== 'directory') return [];
  return (await host.files.list(path)).filter((name) => PART.test(name)).sort();
}
