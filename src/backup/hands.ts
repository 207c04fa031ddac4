import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Workshop } from '../stack/apply.ts';
import { startAndWait } from '../stack/start.ts';
import type { Step } from '../stack/step.ts';
import { listSnapshots, restic } from './repository.ts';
import { backupArgs, completeArgs, forgetArgs, parseMessage } from './restic.ts';
import type { BackupDeed, Pause } from './step.ts';

export type BackupStep = Extract<Step, { do: BackupDeed['do'] }>;
type Taking = Extract<Step, { do: 'take snapshot' }>;

/** Does one of them; it decides nothing. */
export async function backupHands(step: BackupStep, workshop: Workshop): Promise<void> {
  const { host } = workshop;
  switch (step.do) {
    case 'make repository':
      await restic(host, step.repository, ['init', '--quiet']);
      return;
    case 'write dump':
      return runInside(host, step.containerId, step, 'did not write a copy of its data');
    case 'take snapshot':
      return takeSnapshot(step, workshop);
    case 'forget snapshots':
      return forgetSnapshots(step, host);
    case 'restore files':
      return restoreFiles(step, host);
    case 'close foreign files':
      return closeForeignFiles(step, host);
    case 'move':
      return host.files.rename(step.from, step.target);
    case 'load dump': {
      const [found] = await host.docker.listContainers({ names: [step.target] });
      if (found === undefined) throw new Error(`${step.target} is not there`);
      return runInside(host, found.id, step, 'did not take its data back');
    }
  }
}

async function runInside(
  host: Host,
  containerId: string,
  { target, command }: Extract<Step, { do: 'write dump' | 'load dump' }>,
  trouble: string,
): Promise<void> {
  const { exitCode, output } = await host.docker.exec(containerId, command);
  if (exitCode === 0) return;
  throw new AiplatError({
    what: `${target} ${trouble}.`,
    // Its first line alone: what follows may quote data.
    why: `Its program ended with ${exitCode}: ${output.trim().split('\n')[0] || 'without a word'}`,
    fix: 'Mend what it says, then run the same command again.',
    exitCode: EXIT.stopped,
  });
}

/**
 * All is read once while everything runs, so that with the services stopped only what changed since is left to
 * read. They are up again before anything else, whether it was read or not.
 */
async function takeSnapshot(step: Taking, workshop: Workshop): Promise<void> {
  const { repository, pauses } = step;
  const { host } = workshop;
  // Only locks of programs that are gone (restic's manual, unlock): one that was killed leaves its own.
  await restic(host, repository, ['unlock', '--quiet']);
  const ahead = pauses.length === 0 ? undefined : await readOnce(step, workshop);
  const [taken] = await Promise.allSettled([readStopped(step, workshop)]);
  const started = await Promise.allSettled(pauses.map((pause) => startAgain(pause, workshop)));
  if (taken.status === 'rejected') throw taken.reason;
  const { id, addedBytes } = taken.value;
  await restic(host, repository, completeArgs(id, (ahead?.addedBytes ?? 0) + addedBytes));
  for (const one of started) if (one.status === 'rejected') throw one.reason;
}

async function readStopped(step: Taking, workshop: Workshop): Promise<Taken> {
  const { docker } = workshop.host;
  await Promise.all(step.pauses.map(({ containerId }) => docker.stopContainer(containerId)));
  return readOnce(step, workshop);
}

const startAgain = ({ containerId, name, profile, wasIll }: Pause, workshop: Workshop): Promise<void> =>
  startAndWait(containerId, { name, profile }, { ...workshop, wait: workshop.wait && !wasIll });

interface Taken {
  readonly id: string;
  readonly addedBytes: number;
}

async function readOnce({ repository, tenant, paths }: Taking, { host, note }: Workshop): Promise<Taken> {
  let taken: Taken | undefined;
  await restic(host, repository, backupArgs(tenant, paths), (line) => {
    const message = parseMessage(line);
    if (message?.message_type === 'status') note(`${Math.round(message.percent_done * 100)} %`);
    if (message?.message_type === 'summary')
      taken = { id: message.snapshot_id, addedBytes: message.data_added };
  });
  if (taken === undefined) throw new Error('restic made a snapshot and did not say which');
  return taken;
}

async function forgetSnapshots(
  { repository, keep }: Extract<Step, { do: 'forget snapshots' }>,
  host: Host,
): Promise<void> {
  const { unfinished } = await listSnapshots(host, repository);
  if (unfinished.length > 0) await restic(host, repository, ['forget', '--quiet', ...unfinished]);
  await restic(host, repository, forgetArgs(keep));
}

/** Into a directory that is root's alone, so that nobody moves anything meanwhile. */
async function restoreFiles(
  { repository, snapshot, only, target }: Extract<Step, { do: 'restore files' }>,
  host: Host,
): Promise<void> {
  const includes = only.flatMap((path) => ['--include', path]);
  const words = ['restore', '--quiet', '--no-lock', snapshot, '--target', target, ...includes];
  await restic(host, repository, words);
}

/**
 * restic opens by path: a tenant that swaps a directory for a link at the right moment makes it read a file of
 * somebody else, which may be closed by the directory above it alone. It comes back with the owner that it had.
 */
async function closeForeignFiles(
  { target, uid }: Extract<Step, { do: 'close foreign files' }>,
  host: Host,
): Promise<void> {
  const foreign = ['!', '-uid', String(uid), '!', '-type', 'l'];
  const words = [target, '-xdev', ...foreign, '-exec', 'chmod', 'go=,ug-s', '{}', '+'];
  const { exitCode, output } = await host.commands.run('find', words);
  if (exitCode === 0) return;
  throw new AiplatError({
    what: `Files of others in ${target} could not be closed.`,
    why: `find ended with ${exitCode}: ${output.trim().split('\n').at(-1)}`,
    fix: 'Mend what it says, then run the same command again.',
    exitCode: EXIT.stopped,
  });
}
