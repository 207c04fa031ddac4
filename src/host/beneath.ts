import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { codeOf, ledAway } from './file-errors.ts';

const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** O_PATH of open(2), for which Node has no name: holds a thing without opening it. The same on x86 and ARM. */
const O_PATH = 0o10000000;
/** As many as the kernel follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/** Holds whatever stands at a place, a link itself included. No FIFO waits for it and no device wakes up. */
export const HOLD = O_PATH | O_NOFOLLOW;
const HOLD_FOLDER = HOLD | O_DIRECTORY;

/** A name in a directory that is held open: whatever others do to the path, it means this directory. */
export interface Spot {
  /** The path of the directory and of the name in it, good for every call as long as the directory is held. */
  readonly folder: string;
  readonly at: string;
  readonly name: string;
}

/**
 * The path of an open descriptor. Node has no openat(2); the kernel goes through this link to the open
 * directory itself (proc_pid_fd(5)), which is the same.
 */
export const pathOfDescriptor = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

/**
 * Works at the end of a path: `use` gets the last name, in a directory that was reached one component after
 * the other, each opened in the one before. A link on the way is followed only when root alone can have put
 * it there: it is root's, in a directory that is root's and that nobody else may write.
 * @param makesFolders makes missing directories on the way, root's and 0755.
 * @throws what open(2) throws, such as ENOENT; AiplatError (exit 3) for a link that somebody else may have put there.
 */
export async function beneath<T>(
  path: string,
  use: (spot: Spot) => T | Promise<T>,
  makesFolders = false,
): Promise<T> {
  const names = namesOf(path);
  const name = names.pop() ?? '.';
  const descriptor = openFolder(path, names, makesFolders);
  try {
    const folder = pathOfDescriptor(descriptor);
    return await use({ folder, name, at: `${folder}/${name}` });
  } finally {
    closeSync(descriptor);
  }
}

/** Closes a descriptor when it was used, however that ended. */
export function whileOpen<T>(descriptor: number, use: (descriptor: number) => T): T {
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '');

/** Without a pause between its calls: they are short, and many of them would cost more than they take. */
function openFolder(path: string, names: readonly string[], makesFolders: boolean): number {
  const ahead = [...names];
  let held = openSync('/', HOLD_FOLDER);
  const moveTo = (next: number): void => {
    closeSync(held);
    held = next;
  };
  try {
    for (let links = 0, name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      const at = `${pathOfDescriptor(held)}/${name}`;
      const next = openNext(at, makesFolders) ?? openNext(at, makesFolders);
      if (next !== undefined) {
        moveTo(next);
        continue;
      }
      const target = trustedTarget(path, held, name);
      if (++links > MOST_LINKS) throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' });
      ahead.unshift(...namesOf(target));
      if (target.startsWith('/')) moveTo(openSync('/', HOLD_FOLDER));
    }
    return held;
  } catch (thrown) {
    closeSync(held);
    throw thrown;
  }
}

/** @returns undefined when a link stands there, or when it was made just now. */
function openNext(at: string, makesFolder: boolean): number | undefined {
  try {
    return openSync(at, HOLD_FOLDER);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' && makesFolder) return makeFolder(at);
    if (codeOf(thrown) === 'ENOTDIR' && lstatSync(at).isSymbolicLink()) return undefined;
    throw thrown;
  }
}

function makeFolder(at: string): undefined {
  try {
    mkdirSync(at, 0o755);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
  }
}

/** @throws AiplatError (exit 3) when others than root may have put the link there. */
function trustedTarget(path: string, folder: number, name: string): string {
  const at = `${pathOfDescriptor(folder)}/${name}`;
  const target = readlinkSync(at);
  const found = lstatSync(at);
  if (isRootsAlone(fstatSync(folder)) && found.isSymbolicLink() && found.uid === 0) return target;
  throw ledAway(path.replace(/\/\.$/, ''), name, target);
}

const WRITABLE_BY_OTHERS = 0o022;

/** Can nobody but root put something into this directory? */
export const isRootsAlone = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;
