import { digest } from '../stack/hash.ts';

/** A folder of templates/images: path below it → text. */
export type RecipeFiles = ReadonlyMap<string, string>;

/** How one embedded image is made. */
export interface Recipe {
  readonly name: string;
  readonly files: RecipeFiles;
  /** The recipe that this one starts from, or undefined for the one that starts from Debian. */
  readonly base: string | undefined;
  /** The official image that this one starts from; undefined for those that start from a recipe or from Debian. */
  readonly official: string | undefined;
  /** `aiplat/NAME:HASH`; the hash is of the files and of everything below them, so that a change gives another image. */
  readonly reference: string;
}

/** The image that all others stand on: pulled where there is a registry, made by debootstrap where there is none. */
export const DEBIAN_IMAGE = 'debian:forky-slim';
export const DEBIAN_SUITE = 'forky';

/**
 * The recipes with their references. `officials` has the official image of each service.
 * @throws Error when a Dockerfile names no base or one that is not there: a mistake of ours.
 */
export function describeRecipes(
  folders: ReadonlyMap<string, RecipeFiles>,
  officials: ReadonlyMap<string, string> = new Map(),
): Map<string, Recipe> {
  const recipes = new Map<string, Recipe>();
  const describe = (name: string): Recipe => {
    const known = recipes.get(name);
    if (known !== undefined) return known;
    const files = folders.get(name);
    if (files === undefined) throw new Error(`templates/images has no folder ${name}`);
    const { base, official } = baseOf(name, files, officials);
    const below = base === undefined ? (official ?? DEBIAN_IMAGE) : describe(base).reference;
    const recipe = {
      name,
      files,
      base,
      official,
      reference: `aiplat/${name}:${digest([[...files], below])}`,
    };
    recipes.set(name, recipe);
    return recipe;
  };
  for (const name of folders.keys()) describe(name);
  return recipes;
}

/**
 * Every Dockerfile begins with `ARG BASE=aiplat/NAME`, the root one with Debian's image; one that makes an official
 * image fit for a tenant with `ARG BASE=official/SERVICE`.
 */
function baseOf(
  name: string,
  files: RecipeFiles,
  officials: ReadonlyMap<string, string>,
): Pick<Recipe, 'base' | 'official'> {
  const [kind = '', below = ''] =
    /^ARG BASE=(\S+)$/m.exec(files.get('Dockerfile') ?? '')?.[1]?.split('/') ?? [];
  const official = officials.get(below);
  if (kind === DEBIAN_IMAGE) return { base: undefined, official: undefined };
  if (kind === 'aiplat') return { base: below, official: undefined };
  if (kind === 'official' && official !== undefined) return { base: undefined, official };
  throw new Error(`templates/images/${name}/Dockerfile names no base`);
}

/** The reference under which an image is known until it is complete. */
export const draftOf = ({ reference }: Recipe): string => `${reference}.draft`;

/** The recipes of these names and all that they stand on. */
export function withBases(recipes: ReadonlyMap<string, Recipe>, names: readonly string[]): Recipe[] {
  const wanted = new Map<string, Recipe>();
  const add = (name: string): void => {
    const recipe = recipes.get(name);
    if (recipe === undefined || wanted.has(name)) return;
    if (recipe.base !== undefined) add(recipe.base);
    wanted.set(name, recipe);
  };
  names.forEach(add);
  return [...wanted.values()];
}
