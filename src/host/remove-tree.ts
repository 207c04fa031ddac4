import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { AiplatError, EXIT } from '../errors.ts';
import { beneath, type Spot } from './beneath.ts';
import { codeOf, stillMounted } from './file-errors.ts';

/** Whoever goes on writing into the tree makes rm(1) miss what came after it looked. */
const ATTEMPTS = 3;
const WORDS_LIMIT = 4096;

/**
 * Removes whatever stands at a path, and all below it.
 *
 * rm(1) of coreutils does the work, in the directory that is held open: it goes down by openat(2) with
 * O_NOFOLLOW and removes by unlinkat(2), compares what it opened with what it saw, needs the same few
 * descriptors at any depth and the same memory for any number of entries, and takes names as bytes. Node's
 * own rm goes by path, and follows a directory that is swapped for a link while it works.
 * @throws AiplatError (exit 3) when something is mounted there, (exit 1) when a part could not be removed.
 */
export const removeTree = (path: string): Promise<void> =>
  beneath(path, async (spot) => {
    let words = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stays = await removeOnce(path, spot);
      if (stays === undefined) return;
      words = stays;
    }
    throw notRemoved(path, words);
  });

/** @returns the words of rm(1) when something stays. */
async function removeOnce(path: string, spot: Spot): Promise<string | undefined> {
  if (!lstatSync(spot.at).isDirectory()) {
    try {
      await unlink(spot.at);
      return undefined;
    } catch (thrown) {
      // A directory took its place just now.
      if (codeOf(thrown) !== 'EISDIR') throw thrown;
    }
  }
  requireNoMounts(path, spot);
  return runRm(spot);
}

/** The file system's own limit holds, too: a mount that comes later is not entered. */
async function runRm({ folder, name }: Spot): Promise<string | undefined> {
  const child = spawn('/bin/rm', ['-rf', '--one-file-system', '--', name], {
    cwd: folder,
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(0, WORDS_LIMIT);
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return exitCode === 0 ? undefined : words;
}

/** @throws AiplatError (exit 3) when something is mounted at or below the place. */
function requireNoMounts(path: string, { folder, name }: Spot): void {
  const real = `${readlinkSync(folder)}/${name}`.replace('//', '/');
  const mounted = mountPoints().filter((point) => point === real || point.startsWith(`${real}/`));
  if (mounted.length > 0) throw stillMounted(path, mounted);
}

/** Spaces and the like stand there as `\040` (proc_pid_mountinfo(5)). */
const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    );

function notRemoved(path: string, words: string): AiplatError {
  const lines = words.trim().split('\n');
  const isMarked = words.includes('Operation not permitted');
  return new AiplatError({
    what: `${path} is not removed completely.`,
    why: `rm says: ${lines[0] || 'nothing'}${lines.length > 1 ? ', and more of that kind' : ''}`,
    fix: isMarked
      ? `Take the mark of immutable files away, then run the same command again: chattr -R -ia ${path}`
      : `See who still works there, and end it; then run the same command again: lsof +D ${path}`,
    exitCode: EXIT.stopped,
  });
}
