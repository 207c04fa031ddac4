import type { Step } from '../stack/step.ts';
import { DEBIAN_IMAGE, draftOf, type Recipe } from './recipe.ts';

const DEBIAN = 'debian';
const LEFTOVERS = 'leftovers';
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
    needs: [LEFTOVERS],
    workDir,
  };
  return [...(needsDebian ? [debian] : []), ...missing.map((recipe) => planBuild(recipe, wanted, workDir))];
}

/** What an interrupted build left: its work directory, and drafts of images that were completed after all. */
export function planLeftovers(
  wanted: readonly Recipe[],
  present: ReadonlySet<string>,
  workDir: string | undefined,
): Step[] {
  const why = 'left by a build that was interrupted';
  const drafts = wanted.filter((recipe) => present.has(draftOf(recipe)) && present.has(recipe.reference));
  return [
    ...drafts.map((recipe): Step => {
      const target = draftOf(recipe);
      return { id: `remove ${target}`, do: 'remove image', target, why, needs: [] };
    }),
    ...(workDir === undefined
      ? []
      : [{ id: LEFTOVERS, do: 'remove directory', target: workDir, why, needs: [] } as const]),
  ];
}

function planBuild(recipe: Recipe, wanted: readonly Recipe[], workDir: string): Step {
  const base = wanted.find(({ name }) => name === recipe.base)?.reference ?? DEBIAN_IMAGE;
  return {
    id: idOf(recipe.name),
    do: 'build image',
    target: recipe.reference,
    why: 'not built, or its recipe changed',
    needs: [LEFTOVERS, recipe.base === undefined ? DEBIAN : idOf(recipe.base)],
    build: { recipe, base, workDir: `${workDir}/${recipe.name}` },
  };
}
