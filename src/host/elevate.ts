import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';

const SUDO = '/usr/bin/sudo';

/** What came of the wish to go on as root. When it is granted, this process is another one and never answers. */
export type Elevation = 'no way' | 'refused';

/**
 * Becomes the same command line as root, through sudo and without a password. sudo is asked first: its own
 * refusal would tell nobody what to do.
 * @returns `no way` on a host without sudo or without the launcher, `refused` when the rules do not allow it.
 */
export function elevate(
  launcher: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Elevation {
  if (!isRootsProgram(launcher) || !isRootsProgram(SUDO)) return 'no way';
  const { status } = spawnSync(SUDO, ['-n', '-l', '--', launcher, ...args], { stdio: 'ignore' });
  if (status !== 0) return 'refused';
  const known = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  process.execve?.(SUDO, ['sudo', '-n', '--', launcher, ...args], Object.fromEntries(known));
  return 'no way';
}

function isRootsProgram(path: string): boolean {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  return facts?.isFile() === true && facts.uid === 0;
}
