import type { LocalModel } from '../catalog/models.ts';
import type { Host } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { dataPath } from '../tenant/layout.ts';
import { shortName } from './name.ts';

/** The tenant can write there: other names are no models, and more than so many nobody has. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const MOST = 500;

/**
 * The models on a tenant's volume, whether their servers run or not: what Ollama has a manifest of (its
 * manifest/paths.go: HOST/NAMESPACE/MODEL/TAG), and what llama.cpp's server finds in its folder of models.
 */
export async function observeModels(host: Host, tenant: Tenant): Promise<LocalModel[]> {
  const [ollama, llamacpp] = await Promise.all([
    listManifests(host, `${dataPath(tenant, 'ollama')}/models/manifests`),
    listFiles(host, dataPath(tenant, 'llamacpp')),
  ]);
  return [
    ...ollama.map((name): LocalModel => ({ server: 'ollama', name })),
    ...llamacpp.map((name): LocalModel => ({ server: 'llamacpp', name })),
  ];
}

async function listManifests(host: Host, root: string): Promise<string[]> {
  let found: string[][] = [[]];
  for (const _level of ['host', 'namespace', 'model', 'tag']) {
    const deeper = await Promise.all(
      found.map(async (parts) =>
        (await namesIn(host, [root, ...parts].join('/'))).map((name) => [...parts, name]),
      ),
    );
    found = deeper.flat().slice(0, MOST);
  }
  return found.map(([registry = '', namespace = '', model = '', tag = '']) =>
    shortName({ registry, namespace, model, tag }),
  );
}

/** A file is one model; a folder is one whose file has parts. */
async function listFiles(host: Host, root: string): Promise<string[]> {
  const names = (await namesIn(host, root)).slice(0, MOST);
  const models = await Promise.all(
    names.map(async (name) => {
      if (name.endsWith('.gguf')) return name.slice(0, -'.gguf'.length);
      const facts = await host.files.stat(`${root}/${name}`);
      if (facts?.kind !== 'directory') return undefined;
      const parts = await namesIn(host, `${root}/${name}`);
      return parts.some((part) => part.endsWith('.gguf')) ? name : undefined;
    }),
  );
  return models.filter((name) => name !== undefined);
}

/** In a place that may be no directory at all. */
async function namesIn(host: Host, path: string): Promise<string[]> {
  if ((await host.files.stat(path))?.kind !== 'directory') return [];
  return (await host.files.list(path)).filter((name) => PART.test(name)).sort();
}
