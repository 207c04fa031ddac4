import { catalog } from '../catalog/catalog.ts';
import type { Host } from '../host/host.ts';
import { describeRecipes, type Recipe, type RecipeFiles } from './recipe.ts';

/** Where an admin puts certificate authorities that this host trusts beside the public ones. */
const HOST_CERTIFICATES = '/usr/local/share/ca-certificates';
const LIMIT_BYTES = 1024 * 1024;

/** Reads templates/images. The host's own certificate authorities become part of the root recipe. */
export async function readRecipes(host: Host): Promise<Map<string, Recipe>> {
  const root = host.templates.folder('images');
  const names = (await host.files.list(root)).sort();
  const folders = await Promise.all(
    names.map(async (name) => [name, await readFolder(host, `${root}/${name}`)] as const),
  );
  const certificates = await readFolder(host, HOST_CERTIFICATES, (name) => name.endsWith('.crt'));
  const officials = [...catalog.values()].flatMap(({ name, sources }) =>
    sources.official === undefined ? [] : [[name, sources.official.image] as const],
  );
  return describeRecipes(
    new Map(
      folders.map(([name, files]) => [name, name === 'base' ? withCertificates(files, certificates) : files]),
    ),
    new Map(officials),
  );
}

const withCertificates = (files: RecipeFiles, certificates: RecipeFiles): RecipeFiles =>
  new Map([...files, ...[...certificates].map(([name, text]) => [`ca-certificates/${name}`, text] as const)]);

async function readFolder(
  host: Host,
  path: string,
  isWanted = (_name: string) => true,
): Promise<RecipeFiles> {
  const files = new Map<string, string>();
  const read = async (below: string): Promise<void> => {
    for (const name of (await host.files.list(`${path}/${below}`)).sort()) {
      const inner = `${below}${name}`;
      const facts = await host.files.stat(`${path}/${inner}`);
      if (facts?.kind === 'directory') await read(`${inner}/`);
      if (facts?.kind !== 'file' || !isWanted(name)) continue;
      files.set(inner, (await host.files.readText(`${path}/${inner}`, LIMIT_BYTES)) ?? '');
    }
  };
  await read('');
  return files;
}

/** Recipe → reference, which is all that a stack needs to know. */
export const imageReferences = (recipes: ReadonlyMap<string, Recipe>): Map<string, string> =>
  new Map([...recipes].map(([name, { reference }]) => [name, reference]));
