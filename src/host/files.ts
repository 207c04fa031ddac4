import { randomBytes } from 'node:crypto';
import {
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { open, readdir, statfs, unlink } from 'node:fs/promises';
import type { Directory } from '../tenant/layout.ts';
import { beneath, whileOpen } from './beneath.ts';
import { codeOf, notDirectory } from './file-errors.ts';
import { orMissing, told } from './file-verbs.ts';
import type { FileOwner, Files, PathFacts, Space } from './host.ts';
import { kindOf, readText } from './read-text.ts';
import { removeTree } from './remove-tree.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** The real files of the machine. */
export const realFiles: Files = {
  readText: told('read', orMissing(undefined, readText)),
  stat: told('looked at', orMissing(undefined, pathFacts)),
  size: told('looked at', orMissing(undefined, size)),
  list: told('listed', orMissing([], listDirectory)),
  makeDirectory: told('made', makeDirectory),
  writeText: told('written', writeText),
  rename: told('moved', rename),
  removeEmptyDirectory: told('removed', orMissing(undefined, removeEmptyDirectory)),
  removeTree: told('removed', orMissing(undefined, removeTree)),
  isMountPoint: told('looked at', orMissing(false, isMountPoint)),
  space: told('looked at', orMissing(undefined, space)),
};

function pathFacts(path: string): Promise<PathFacts | undefined> {
  return beneath(path, ({ at }) => {
    const facts = lstatSync(at);
    return { kind: kindOf(facts), uid: facts.uid, gid: facts.gid, mode: facts.mode & 0o7777 };
  });
}

function size(path: string): Promise<number | undefined> {
  return beneath(path, ({ at }) => {
    const facts = lstatSync(at);
    return facts.isFile() ? facts.size : undefined;
  });
}

function listDirectory(path: string): Promise<string[]> {
  return beneath(`${path}/.`, ({ at }) => readdir(at));
}

/** Owner and mode are set through the open directory, so that a link put in its place changes nothing elsewhere. */
function makeDirectory({ path, uid, gid, mode }: Directory): Promise<void> {
  const setOwner = (descriptor: number): void => {
    fchownSync(descriptor, uid, gid);
    fchmodSync(descriptor, mode);
  };
  return beneath(path, ({ at }) => whileOpen(makeAndOpen(path, at), setOwner), true);
}

function makeAndOpen(path: string, at: string): number {
  try {
    mkdirSync(at, 0o700);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
  }
  try {
    return openSync(at, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  } catch (thrown) {
    throw codeOf(thrown) === 'ENOTDIR' ? notDirectory(path, thrown) : thrown;
  }
}

function writeText(path: string, content: string | Buffer, { uid, gid, mode }: FileOwner): Promise<void> {
  return beneath(path, async ({ folder, at }) => {
    const temporary = `${folder}/.${randomBytes(6).toString('hex')}.tmp`;
    const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(content);
      await handle.chown(uid, gid);
      await handle.chmod(mode);
      await handle.sync();
      renameSync(temporary, at);
    } catch (thrown) {
      await unlink(temporary).catch(() => undefined);
      throw thrown;
    } finally {
      await handle.close();
    }
  });
}

function rename(from: string, to: string): Promise<void> {
  return beneath(from, (source) => beneath(to, (target) => renameSync(source.at, target.at)));
}

function removeEmptyDirectory(path: string): Promise<void> {
  return beneath(path, ({ at }) => {
    try {
      rmdirSync(at);
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOTEMPTY') throw thrown;
    }
  });
}

/** The kernel numbers its mounts: that of a mount point is another than that of the directory that holds it. */
function isMountPoint(path: string): Promise<boolean> {
  return beneath(`${path}/.`, ({ folder }) => path === '/' || mountOf(folder) !== mountOf(`${folder}/..`));
}

const mountOf = (folder: string): string =>
  whileOpen(openSync(folder, O_RDONLY | O_DIRECTORY), (descriptor) => {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    return /^mnt_id:\s*(\d+)$/m.exec(info)?.[1] ?? '';
  });

function space(path: string): Promise<Space | undefined> {
  return beneath(`${path}/.`, async ({ at }) => {
    const { bsize, blocks, bfree } = await statfs(at);
    return { totalBytes: bsize * blocks, usedBytes: bsize * (blocks - bfree) };
  });
}
