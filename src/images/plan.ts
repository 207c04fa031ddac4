import type { Step } from '../stack/step.ts';
import { DEBIAN_IMAGE, draftOf, type Recipe } from './recipe.ts';

const DEBIAN = 'debian';
const leftId = (path: string): string => `left ${path}`;
const idOf = (name: string): string => `image ${name}`;

/**
 * What makes the wanted images exist. A recipe whose reference exists needs nothing: the reference holds the
 * hash of all that it is made of.
 */
export function planImages(wanted: readonly Recipe[], present: ReadonlySet<string>, workDir: string): Step[] {
  const missing = wanted.filter(({ reference }) => !present.has(reference));
  const needsDebian = missing.some(({ base }) => base === undefined) && !present.has(DEBIAN_IMAGE);
  const debian: Step = {
    id: DEBIAN,
    do: 'make base image',
    target: DEBIAN_IMAGE,
    why: 'not on this host',
    needs: [leftId(`${workDir}/debian`)],
    workDir,
  };
  return [...(needsDebian ? [debian] : []), ...missing.map((recipe) => planBuild(recipe, wanted, workDir))];
}

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
  const base = wanted.find(({ name }) => name === recipe.base)?.reference ?? DEBIAN_IMAGE;
  return {
    id: idOf(recipe.name),
    do: 'build image',
    target: recipe.reference,
    why: 'not built, or its recipe changed',
    needs: [leftId(`${workDir}/${recipe.name}`), recipe.base === undefined ? DEBIAN : idOf(recipe.base)],
    build: { recipe, base, workDir: `${workDir}/${recipe.name}` },
  };
}
