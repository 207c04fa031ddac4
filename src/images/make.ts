import { AiplatError, EXIT, messageOf } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { LABEL } from '../tenant/names.ts';
import { DEBIAN_IMAGE, DEBIAN_SUITE, draftOf, type Recipe } from './recipe.ts';

/** The build of one recipe. */
export interface ImageBuild {
  readonly recipe: Recipe;
  /** Reference of the image below it. */
  readonly base: string;
  /** A directory of its own, which is gone afterwards. */
  readonly workDir: string;
}

const OWNER = { uid: 0, gid: 0 };
/** Where each embedded image says which version of its program it has: Debian's packages move, so only the build knows. */
const VERSION_FILE = '/usr/share/aiplat/version';

/**
 * Builds an image in two goes: the second takes all layers of the first and adds the label with the version
 * that the first turned out to have. The final reference exists only when everything is done.
 */
export async function buildImage(host: Host, build: ImageBuild, note: (note: string) => void): Promise<void> {
  const { recipe, workDir } = build;
  const draft = draftOf(recipe);
  const spec = { contextDir: workDir, files: [...recipe.files.keys()], args: { BASE: build.base } };
  try {
    await writeContext(host, build);
    await persistently(host, note, () => host.docker.buildImage({ ...spec, tag: draft, labels: {} }, note));
    const version = (await host.docker.readImageFile(draft, VERSION_FILE)).trim();
    const labels = {
      [LABEL.image]: recipe.name,
      [LABEL.imageHash]: recipe.reference.split(':')[1] ?? '',
      [LABEL.imageVersion]: version,
    };
    await host.docker.buildImage({ ...spec, tag: recipe.reference, labels }, note);
    await host.docker.removeImage(draft);
  } finally {
    await host.files.removeTree(workDir);
  }
}

/** Builds fetch packages, and whoever serves these is sometimes away for a moment; finished layers are kept. */
const PAUSES_MS = [10_000, 60_000];

async function persistently(
  host: Host,
  note: (note: string) => void,
  build: () => Promise<void>,
): Promise<void> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await build();
    } catch (thrown) {
      note(`once more in ${pauseMs / 1000} s, because it failed: ${messageOf(thrown).split('\n')[0]}`);
      await host.clock.sleep(pauseMs);
    }
  }
  await build();
}

async function writeContext(host: Host, { recipe, workDir }: ImageBuild): Promise<void> {
  await host.files.removeTree(workDir);
  await host.files.makeDirectory({ path: workDir, ...OWNER, mode: 0o700 });
  for (const [path, text] of recipe.files) {
    const folder = path.split('/').slice(0, -1).join('/');
    if (folder !== '')
      await host.files.makeDirectory({ path: `${workDir}/${folder}`, ...OWNER, mode: 0o755 });
    await host.files.writeText(`${workDir}/${path}`, text, {
      ...OWNER,
      mode: path.endsWith('.sh') ? 0o755 : 0o644,
    });
  }
}

/** Gets Debian from a registry, or makes it from Debian's packages where no registry answers. */
export async function makeDebian(host: Host, workDir: string, note: (note: string) => void): Promise<void> {
  try {
    note('asking a registry');
    await host.docker.pullImage(DEBIAN_IMAGE, note);
  } catch (thrown) {
    note(`no registry (${messageOf(thrown)}); debootstrap makes it`);
    await bootstrapDebian(host, `${workDir}/debian`, note);
  }
}

/** debootstrap's own default mirror is taken; the script of sid serves every later suite. */
async function bootstrapDebian(host: Host, root: string, note: (note: string) => void): Promise<void> {
  try {
    await host.files.removeTree(root);
    await host.files.makeDirectory({ path: root, ...OWNER, mode: 0o755 });
    const options = ['--variant=minbase', '--include=ca-certificates'];
    const script = '/usr/share/debootstrap/scripts/sid';
    const { exitCode, output } = await host.commands.run(
      'debootstrap',
      [...options, DEBIAN_SUITE, root, '', script],
      note,
    );
    if (exitCode !== 0) throw notMade(output);
    note('handing it to the engine');
    await host.docker.importImage(root, DEBIAN_IMAGE, { [LABEL.image]: 'debian' });
  } finally {
    await host.files.removeTree(root);
  }
}

const notMade = (output: string): AiplatError =>
  new AiplatError({
    what: `The base image ${DEBIAN_IMAGE} could not be made.`,
    why: `No registry answers, and debootstrap says: ${output.trim().split('\n').slice(-3).join(' ')}`,
    fix: 'Check that Debian packages can be reached (apt-get update) and that `apt-get install debootstrap debian-archive-keyring` is done.',
    exitCode: EXIT.stopped,
  });
