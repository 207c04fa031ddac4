import { AiplatError, EXIT, notReady } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { readEnv } from '../tenant/env-file.ts';
import { type Listing, openArgs, parseSnapshots, type Repository } from './restic.ts';

const ENVIRONMENT_LIMIT_BYTES = 64 * 1024;
/** Once a second is enough for people (restic's manual, environment). */
const PROGRESS = { RESTIC_PROGRESS_FPS: '1' };
/** `restic backup` made a snapshot and could not read all of it (restic's manual, exit codes). */
const INCOMPLETE = 3;

/**
 * Runs restic, and lets it end with this process: what went on alone would read data that services write again.
 * @returns all lines that it said.
 * @throws AiplatError (exit 3) when it is not installed or its environment is open to others, (exit 1) with its words.
 */
export async function restic(
  host: Host,
  repository: Repository,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<string[]> {
  const { lines, exitCode } = await attempt(host, repository, args, onLine);
  if (exitCode !== 0) throw troubleOf(repository, lines, exitCode);
  return lines;
}

interface Attempt {
  readonly lines: string[];
  readonly exitCode: number;
}

async function attempt(
  host: Host,
  repository: Repository,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Attempt> {
  const env = { ...PROGRESS, ...(await environmentOf(host, repository)) };
  const lines: string[] = [];
  const take = (line: string): void => {
    if (!line.includes('"message_type":"status"')) lines.push(line);
    onLine(line);
  };
  const words = [...openArgs(repository), ...args];
  const { exitCode } = await host.commands.run('restic', words, take, { env, endsWithUs: true });
  return { lines, exitCode };
}

/** Keys for the place of the backups; whoever reads them can delete all backups. */
async function environmentOf(
  { files }: Host,
  { environmentFile }: Repository,
): Promise<Readonly<Record<string, string>>> {
  if (environmentFile === undefined) return {};
  const facts = await files.stat(environmentFile);
  if (facts === undefined || facts.uid !== 0 || (facts.mode & 0o077) !== 0) {
    throw notReady(
      `The keys for the backups in ${environmentFile} cannot be used.`,
      facts === undefined
        ? 'It does not exist.'
        : `It is UID ${facts.uid}'s, with mode ${facts.mode.toString(8)}.`,
      `Make it root's alone: chown root ${environmentFile} && chmod 600 ${environmentFile}`,
    );
  }
  return readEnv((await files.readText(environmentFile, ENVIRONMENT_LIMIT_BYTES, [0])) ?? '');
}

/** Is a repository there, and does the password open it? @throws AiplatError (exit 3) when it does not. */
export async function hasRepository(host: Host, repository: Repository): Promise<boolean> {
  const { lines, exitCode } = await attempt(
    host,
    repository,
    ['cat', 'config', '--no-lock', '--quiet'],
    () => undefined,
  );
  if (exitCode === 0) return true;
  if (lines.some((line) => line.includes('Is there a repository at'))) return false;
  throw troubleOf(repository, lines, exitCode);
}

/** The snapshots of a repository. */
export const listSnapshots = async (host: Host, repository: Repository): Promise<Listing> =>
  parseSnapshots(await restic(host, repository, ['snapshots', '--json', '--no-lock']));

/** The text of one small file of a snapshot. */
export const readSaved = async (
  host: Host,
  repository: Repository,
  id: string,
  path: string,
): Promise<string> => {
  const lines = await restic(host, repository, ['dump', '--no-lock', '--quiet', id, path]);
  return `${lines.join('\n')}\n`;
};

function troubleOf(repository: Repository, lines: readonly string[], exitCode: number): AiplatError {
  const { place, passwordFile } = repository;
  const said = lines.filter((line) => line.trim() !== '').slice(-3);
  if (said.some((line) => /wrong password|config file already exists|already initialized/.test(line))) {
    return notReady(
      `${passwordFile} does not open the backups in ${place}.`,
      `restic says: ${said.join(' ')}`,
      `Put the password with which they were made back into ${passwordFile}. When nobody has it, they are lost: move ${place} away, and the next backup begins anew.`,
    );
  }
  const isPart = exitCode === INCOMPLETE;
  return new AiplatError({
    what: isPart ? `Some files could not be read for ${place}.` : `restic did not succeed with ${place}.`,
    why: `It ended with ${exitCode}: ${said.join(' ') || 'without a word'}`,
    fix: isPart
      ? 'Files may have come and gone meanwhile: run the same command again. Snapshots that were whole are still there.'
      : 'Mend what it says, then run the same command again. Snapshots that were whole are still there.',
    exitCode: EXIT.stopped,
  });
}
