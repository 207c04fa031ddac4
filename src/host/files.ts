import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, notReady, refused } from '../errors.ts';
import type { Directory } from '../tenant/layout.ts';
import type { FileOwner, Files, PathFacts, Space } from './host.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

const isMissing = (thrown: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((thrown as { code?: string }).code ?? '');

/** The real files of the machine. */
export const realFiles: Files = {
  readText,
  stat: pathFacts,
  list: listDirectory,
  makeDirectory,
  writeText: replaceFile,
  rename,
  removeEmptyDirectory,
  removeTree: (path) => rm(path, { recursive: true, force: true, maxRetries: 2 }),
  isMountPoint,
  space,
};

async function withHandle<T>(handle: FileHandle, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** Opened without following a link and without waiting for a writer, so that no FIFO can hold root up. */
async function readText(path: string, limitBytes: number): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw notReadable(path, messageOf(thrown), thrown);
  }
  return withHandle(handle, async () => {
    const facts = await handle.stat();
    if (!facts.isFile()) throw notReadable(path, 'It is no regular file.');
    if (facts.size > limitBytes)
      throw notReadable(path, `It has ${facts.size} bytes; at most ${limitBytes} are read.`);
    return handle.readFile('utf8');
  });
}

const notReadable = (path: string, why: string, cause?: unknown): Error =>
  refused(
    `${path} cannot be read.`,
    why,
    `Look at it with \`ls -l ${path}\` and put a plain file there.`,
    cause,
  );

async function pathFacts(path: string): Promise<PathFacts | undefined> {
  try {
    const facts = await lstat(path);
    const kind = facts.isDirectory() ? 'directory' : facts.isFile() ? 'file' : 'other';
    return { kind, uid: facts.uid, gid: facts.gid, mode: facts.mode & 0o7777 };
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

async function listDirectory(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** Owner and mode are set through the open directory, so that a link put in its place changes nothing elsewhere. */
async function makeDirectory({ path, uid, gid, mode }: Directory): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await mkdir(path, { mode: 0o700 }).catch((thrown: { code?: string }) => {
    if (thrown.code !== 'EEXIST') throw thrown;
  });
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY).catch((thrown: unknown) => {
    throw notReady(
      `${path} is no directory.`,
      `Something else stands there: ${messageOf(thrown)}.`,
      `Move it away: mv ${path} ${path}.away`,
      thrown,
    );
  });
  await withHandle(handle, async () => {
    await handle.chown(uid, gid);
    await handle.chmod(mode);
  });
}

/** Writes beside the file and renames, so that a reader sees the old or the new content whole. */
export async function replaceFile(
  path: string,
  content: string | Buffer,
  { uid, gid, mode }: FileOwner,
): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await withHandle(handle, async () => {
      await handle.writeFile(content);
      await handle.chown(uid, gid);
      await handle.chmod(mode);
      await handle.sync();
    });
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

async function removeEmptyDirectory(path: string): Promise<void> {
  await rmdir(path).catch((thrown: { code?: string }) => {
    if (!isMissing(thrown) && thrown.code !== 'ENOTEMPTY') throw thrown;
  });
}

/** A mount point lies on another device than its parent, or is the root. */
async function isMountPoint(path: string): Promise<boolean> {
  try {
    const [own, parent] = await Promise.all([stat(path), stat(dirname(path))]);
    return own.dev !== parent.dev || own.ino === parent.ino;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

async function space(path: string): Promise<Space | undefined> {
  try {
    const { bsize, blocks, bfree } = await statfs(path);
    return { totalBytes: bsize * blocks, usedBytes: bsize * (blocks - bfree) };
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}
