import type { Step } from '../stack/step.ts';
import { imageId } from '../stack/step-ids.ts';
import { DEBIAN_IMAGE, draftOf, type Recipe } from './recipe.ts';

const DEBIAN = 'debian';
const NOT_HERE = 'not on this host';
const leftId = (path: string): string => `left ${path}`;
const idOf = (name: string): string => `image ${name}`;

/**
 * What makes the wanted images exist. A recipe whose reference exists needs nothing: the reference holds the
 * hash of all that it is made of.
 */
export function planImages(wanted: readonly Recipe[], present: ReadonlySet<string>, workDir: string): Step[] {
  const missing = wanted.filter(({ reference }) => !present.has(reference));
  const needsDebian = missing.some(isFromDebian) && !present.has(DEBIAN_IMAGE);
  const officials = new Set(missing.flatMap(({ official }) => official ?? []));
  const pulls = [...officials].filter((image) => !present.has(image));
  const debian: Step = {
    id: DEBIAN,
    do: 'make base image',
    target: DEBIAN_IMAGE,
    why: NOT_HERE,
    needs: [leftId(`${workDir}/debian`)],
    workDir,
  };
  return [
    ...(needsDebian ? [debian] : []),
    ...pulls.map(
      (target): Step => ({ id: imageId(target), do: 'pull image', target, why: NOT_HERE, needs: [] }),
    ),
    ...missing.map((recipe) => planBuild(recipe, wanted, workDir)),
  ];
}

const isFromDebian = ({ base, official }: Recipe): boolean => base === undefined && official === undefined;

/** What an interrupted build left: work directories, and drafts of images that were completed after all. */
export function planLeftovers(
  wanted: readonly Recipe[],
  present: ReadonlySet<string>,
  paths: readonly string[],
): Step[] {
  const why = 'left by a build that was interrupted';
  const drafts = wanted.filter((recipe) => present.has(draftOf(recipe)) && present.has(recipe.reference));
  return [
    ...drafts.map((recipe): Step => {
      const target = draftOf(recipe);
      return { id: `remove ${target}`, do: 'remove image', target, why, needs: [] };
    }),
    ...paths.map(
      (path): Step => ({ id: leftId(path), do: 'remove directory', target: path, why, needs: [] }),
    ),
  ];
}

function planBuild(recipe: Recipe, wanted: readonly Recipe[], workDir: string): Step {
  const base = recipe.official ?? wanted.find(({ name }) => name === recipe.base)?.reference ?? DEBIAN_IMAGE;
  const below = recipe.official === undefined ? DEBIAN : imageId(recipe.official);
  return {
    id: idOf(recipe.name),
    do: 'build image',
    target: recipe.reference,
    why: 'not built, or its recipe changed',
    needs: [leftId(`${workDir}/${recipe.name}`), recipe.base === undefined ? below : idOf(recipe.base)],
    build: { recipe, base, workDir: `${workDir}/${recipe.name}` },
  };
}
