import { catalog } from '../../catalog/catalog.ts';
import type { ImageSource, Service } from '../../catalog/schema.ts';
import { refused } from '../../errors.ts';
import { planImages, planLeftovers } from '../../images/plan.ts';
import { readRecipes } from '../../images/read.ts';
import { DEBIAN_IMAGE, draftOf, type Recipe, withBases } from '../../images/recipe.ts';
import { table } from '../../report/table.ts';
import type { Step } from '../../stack/step.ts';
import { LABEL } from '../../tenant/names.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import { enterHost } from '../enter.ts';
import { whileLocked } from '../locked.ts';

export interface BuildOptions {
  readonly dryRun?: boolean;
}

/** So many builds run side by side: each installs packages and wants a CPU of its own. */
const BUILDS_SIDE_BY_SIDE = 3;

/** Builds the images that this host makes itself: of the named services, or of all that have one here. */
export async function buildImages(
  context: Context,
  services: readonly string[],
  options: BuildOptions,
): Promise<void> {
  const { host, report } = context;
  requireKnown(services);
  const config = await enterHost(context);
  const folders = foldersOf(services, config.images);
  const recipes = withBases(await readRecipes(host), folders);
  await whileLocked(
    context,
    { path: `${config.runDir}/locks/images.lock`, what: 'The build of images' },
    {},
    async () => {
      const steps = await decide(context, recipes, `${config.stateDir}/build`);
      report.plan(steps, options.dryRun === true);
      if (options.dryRun === true)
        return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
      await carryOut(context, 'images', steps, { sideBySide: BUILDS_SIDE_BY_SIDE });
      report.document({ changed: steps.length });
      report.show(steps.length === 0 ? ['Nothing to do: all images are built.'] : ['The images are built.']);
    },
  );
}

async function decide(context: Context, recipes: readonly Recipe[], workDir: string): Promise<Step[]> {
  const present = new Set((await presentImages(context, recipes)).keys());
  const left = await context.host.files.list(workDir);
  return [
    ...planLeftovers(
      recipes,
      present,
      left.map((name) => `${workDir}/${name}`),
    ),
    ...planImages(recipes, present, workDir),
  ];
}

/** Shows which images this host built. */
export async function listImages(context: Context): Promise<void> {
  const recipes = withBases(await readRecipes(context.host), allFolders());
  const present = await presentImages(context, recipes);
  const rows = recipes.map((recipe) => {
    const found = present.get(recipe.reference);
    const version = found?.labels[LABEL.imageVersion] || '–';
    return { name: recipe.name, reference: recipe.reference, version, sizeBytes: found?.sizeBytes };
  });
  context.report.document({ images: rows });
  context.report.show(
    table(
      [
        { title: 'image', cell: ({ name }) => name },
        { title: 'version', cell: ({ version }) => version },
        {
          title: 'size',
          cell: ({ sizeBytes }) =>
            sizeBytes === undefined ? 'not built' : `${Math.round(sizeBytes / 1e6)} MB`,
          align: 'right',
        },
        { title: 'reference', cell: ({ reference }) => reference },
      ],
      rows,
    ),
  );
}

/** The folders of templates/images that a service has, for either source of images. */
const builtFrom = ({ sources }: Service, source: ImageSource): string[] =>
  [source === 'embedded' ? sources.embedded?.image : sources.official?.derived].flatMap((one) => one ?? []);

const allFolders = (): string[] =>
  [...catalog.values()].flatMap((entry) => [
    ...builtFrom(entry, 'embedded'),
    ...builtFrom(entry, 'official'),
  ]);

/** @throws AiplatError (exit 2) for a service that this host builds nothing for, whatever its source. */
function requireKnown(services: readonly string[]): void {
  const built = [...catalog.values()].filter(({ sources }) => sources.embedded ?? sources.official?.derived);
  const names = built.map(({ name }) => name);
  const unknown = services.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw refused(
    `There is no image to build for ${JSON.stringify(unknown)}.`,
    `There is one for ${names.join(', ')}.`,
    'Take one of these, or use official images.',
  );
}

/** What of the named services this host builds; of all that it may run, when none is named. */
function foldersOf(services: readonly string[], source: ImageSource): string[] {
  const all = [...catalog.values()];
  if (services.length === 0) return all.flatMap((entry) => builtFrom(entry, source));
  return all
    .filter(({ name }) => services.includes(name))
    .flatMap((entry) => [...builtFrom(entry, 'embedded'), ...builtFrom(entry, 'official')].slice(0, 1));
}

async function presentImages({ host }: Context, recipes: readonly Recipe[]) {
  const references = [
    DEBIAN_IMAGE,
    ...recipes.flatMap((recipe) => [
      recipe.reference,
      draftOf(recipe),
      ...(recipe.official === undefined ? [] : [recipe.official]),
    ]),
  ];
  const found = await host.docker.listImages(references);
  return new Map(found.flatMap((image) => image.tags.map((tag) => [tag, image] as const)));
}
