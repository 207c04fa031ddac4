import { catalog } from '../../catalog/catalog.ts';
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

/** Builds the embedded images of the named services, or of all that have one. */
export async function buildImages(
  context: Context,
  services: readonly string[],
  options: BuildOptions,
): Promise<void> {
  const { host, report } = context;
  const folders = requireEmbedded(services);
  const config = await enterHost(context);
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

/** Shows which embedded images this host has. */
export async function listImages(context: Context): Promise<void> {
  const recipes = withBases(await readRecipes(context.host), embeddedFolders());
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

const embeddedFolders = (): string[] =>
  [...catalog.values()].flatMap(({ sources }) => sources.embedded?.image ?? []);

function requireEmbedded(services: readonly string[]): string[] {
  if (services.length === 0) return embeddedFolders();
  return services.map((name) => {
    const folder = catalog.get(name)?.sources.embedded?.image;
    if (folder !== undefined) return folder;
    throw refused(
      `There is no embedded image for ${JSON.stringify(name)}.`,
      `There is one for ${[...catalog.values()]
        .filter(({ sources }) => sources.embedded)
        .map((entry) => entry.name)
        .join(', ')}.`,
      'Take one of these, or use official images.',
    );
  });
}

async function presentImages({ host }: Context, recipes: readonly Recipe[]) {
  const references = [DEBIAN_IMAGE, ...recipes.flatMap((recipe) => [recipe.reference, draftOf(recipe)])];
  const found = await host.docker.listImages(references);
  return new Map(found.flatMap((image) => image.tags.map((tag) => [tag, image] as const)));
}
