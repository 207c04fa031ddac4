import type { ProfileFile } from '../apparmor/profile.ts';
import { backupHands } from '../backup/hands.ts';
import { lowerEdge, raiseEdge } from '../edge/raise.ts';
import { AiplatError, EXIT, notReady } from '../errors.ts';
import { raiseFirewall } from '../firewall/raise.ts';
import { buildImage, makeDebian } from '../images/make.ts';
import { hostHands } from '../install/hands.ts';
import { modelHands } from '../models/hands.ts';
import { volumeHands } from '../volumes/hands.ts';
import { alignData } from './align.ts';
import type { Workshop } from './apply.ts';
import { candidateOf, type RenderedFolder } from './files.ts';
import { logIn } from './login.ts';
import { replaceContainer } from './replace.ts';
import { startAndWait } from './start.ts';
import type { Reload, Step } from './step.ts';

/** Does one step. It decides nothing: what to do and why stands in the step. */
export async function hands(step: Step, workshop: Workshop): Promise<void> {
  const { docker, files } = workshop.host;
  switch (step.do) {
    case 'create directory':
      return files.makeDirectory(step.directory);
    case 'write file':
      return files.writeText(step.target, step.text, { uid: step.uid, gid: step.gid, mode: step.mode });
    case 'make file system':
    case 'write fstab':
    case 'mount volume':
    case 'grow file system':
    case 'unmount volume':
      return volumeHands(step, workshop.host);
    case 'pull image':
      return docker.pullImage(step.target, workshop.note);
    case 'remove image':
      return docker.removeImage(step.target);
    case 'make base image':
      return makeDebian(workshop.host, step.workDir, workshop.note);
    case 'build image':
      return buildImage(workshop.host, step.build, workshop.note);
    case 'load profiles':
      return loadProfiles(step.profiles, workshop);
    case 'unload profiles':
      return workshop.host.apparmor.unload(step.names);
    case 'raise firewall':
      return raiseFirewall(workshop.host, step.wish);
    case 'raise edge':
      return raiseEdge(workshop.host, step.wish);
    case 'lower edge':
      return lowerEdge(workshop.host, step.wish);
    case 'set limits':
      return workshop.host.slices.apply(step.slice, step.slice.limits);
    case 'remove limits':
      return workshop.host.slices.remove(step.slice);
    case 'create network':
      return docker.createNetwork(step.network);
    case 'write files':
      return writeFolder(step.folder, workshop);
    case 'create container': {
      const id = await docker.createContainer(step.container);
      return startAndWait(id, step.container, workshop);
    }
    case 'start container':
      return startAndWait(step.containerId, { name: step.target, profile: step.profile }, workshop);
    case 'restart container':
      await docker.stopContainer(step.containerId);
      return startAndWait(step.containerId, { name: step.target, profile: step.profile }, workshop);
    case 'stop container':
      return docker.stopContainer(step.containerId);
    case 'replace container':
      return replaceContainer(step.replacement, workshop);
    case 'reload config':
      return reloadConfig(step.reload, step.target, workshop);
    case 'renew certificates':
      return renewCertificates(step, workshop);
    case 'log in node':
      return logIn(step, workshop);
    case 'align data':
      return alignData(step, workshop);
    case 'remove container':
      await docker.stopContainer(step.containerId);
      return docker.removeContainer(step.containerId);
    case 'remove network':
      return docker.removeNetwork(step.networkId);
    case 'make repository':
    case 'write dump':
    case 'take snapshot':
    case 'forget snapshots':
    case 'restore files':
    case 'close foreign files':
    case 'move':
    case 'load dump':
      return backupHands(step, workshop);
    case 'pull model':
    case 'remove model':
      return modelHands(step, workshop);
    case 'remove directory':
    case 'remove file':
      return files.removeTree(step.target);
    default:
      return hostHands(step, workshop.host);
  }
}

/** The kernel has the last word: a load was once seen to lose profiles and to answer that all is well. */
async function loadProfiles({ path, text, names }: ProfileFile, { host }: Workshop): Promise<void> {
  await host.files.writeText(path, text, { uid: 0, gid: 0, mode: 0o644 });
  await host.apparmor.load(path);
  const loaded = await host.apparmor.loaded();
  const missing = names.filter((name) => loaded?.get(name) !== 'enforce');
  if (missing.length === 0) return;
  throw notReady(
    `${path} is loaded, but not in force.`,
    missing.map((name) => `${name}: ${loaded?.get(name) ?? 'not in the kernel'}`).join(', '),
    `Put it in force with \`aa-enforce ${path}\`, or load it again: apparmor_parser --replace ${path}`,
  );
}

/** A new folder appears whole or not at all; files of one that is there already are replaced one by one. */
async function writeFolder(folder: RenderedFolder, { host }: Workshop): Promise<void> {
  const isThere = (await host.files.stat(folder.root)) !== undefined;
  const root = isThere ? folder.root : `${folder.root}.partial`;
  const moved = (path: string): string => root + path.slice(folder.root.length);
  if (!isThere) await host.files.removeTree(root);
  for (const directory of folder.directories) {
    await host.files.makeDirectory({ ...directory, path: moved(directory.path) });
  }
  for (const file of folder.files) {
    await writeOne(root, file, host.files);
    if (isThere) await host.files.removeTree(candidateOf(`${root}/${file.path}`));
  }
  if (!isThere) await host.files.rename(root, folder.root);
}

const writeOne = (
  root: string,
  file: RenderedFolder['files'][number],
  files: Workshop['host']['files'],
): Promise<void> =>
  files.writeText(`${root}/${file.path}`, file.text, { uid: file.uid, gid: file.uid, mode: file.mode });

/**
 * The candidate lies beside the file in force. It takes its place only when the running program has
 * accepted it, so that what lies there is always what the program last agreed to.
 */
async function reloadConfig(reload: Reload, name: string, workshop: Workshop): Promise<void> {
  const { docker, files } = workshop.host;
  const { folder } = reload;
  const main = folder.files.find(({ path }) => path.endsWith(`/${reload.file}`));
  if (main === undefined) throw new Error(`${reload.file} is not among the files of ${name}`);
  for (const file of folder.files) if (file !== main) await writeOne(folder.root, file, files);
  const candidate = { ...main, path: candidateOf(main.path) };
  await writeOne(folder.root, candidate, files);
  const target = folder.mounts.find(({ path }) => main.path.startsWith(`${path}/`))?.target ?? '';
  const inside = candidateOf(`${target}/${reload.file}`);
  for (const command of [reload.check, reload.apply]) {
    const { exitCode, output } = await docker.exec(
      reload.containerId,
      command.map((word) => word.replace('{{file}}', inside)),
    );
    if (exitCode === 0) continue;
    await files.removeTree(`${folder.root}/${candidate.path}`);
    throw notAccepted(name, reload.file, output);
  }
  await files.rename(`${folder.root}/${candidate.path}`, `${folder.root}/${main.path}`);
}

const notAccepted = (name: string, file: string, output: string): AiplatError =>
  new AiplatError({
    what: `${name} does not accept its new ${file}.`,
    why: `It goes on with the old one. Its words: ${output.trim().split('\n').slice(-3).join(' ')}`,
    fix: 'When the message names a setting of your .env, mend that and deploy again; otherwise it is a bug of aiplat.',
    exitCode: EXIT.stopped,
  });

async function renewCertificates(
  { containerId, command, target }: Extract<Step, { do: 'renew certificates' }>,
  { host }: Workshop,
): Promise<void> {
  const { exitCode, output } = await host.docker.exec(containerId, command);
  if (exitCode !== 0) throw notAccepted(target, 'configuration', output);
}
