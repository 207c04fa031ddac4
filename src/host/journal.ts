import { constants } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AiplatError, messageOf, notReady } from '../errors.ts';
import { realFiles } from './files.ts';
import type { Journal, JournalFile } from './host.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/** Room that has to be left: some hundred lines. */
const ROOM_BYTES = 64 * 1024;

/** Journals on the disk. */
export const realJournal: Journal = {
  async prepare(file) {
    try {
      const handle = await openJournal(file);
      await handle.close();
      const { bfree, bsize } = await statfs(dirname(file.path));
      if (bfree * bsize >= ROOM_BYTES) return;
    } catch (thrown) {
      throw notWritable(file, messageOf(thrown), thrown);
    }
    throw notWritable(file, 'Its disk is full.');
  },

  async append(file, line) {
    const handle = await openJournal(file);
    try {
      const bytes = Buffer.from(`${line}\n`);
      // One write(2) with O_APPEND: lines of two processes never mix.
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes fit`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Owner and modes are set each time: a log rotation may have made the file anew. */
async function openJournal({ path, uid, gid }: JournalFile): Promise<FileHandle> {
  await realFiles.makeDirectory({ path: dirname(path), uid, gid, mode: 0o750 });
  const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is no regular file');
    await handle.chown(uid, gid);
    await handle.chmod(0o640);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

const notWritable = ({ path }: JournalFile, why: string, cause?: unknown): AiplatError =>
  notReady(
    'The audit log cannot be written, so nothing is changed.',
    `${path}: ${why}`,
    `Make room there or mend it (\`ls -ld ${dirname(path)} ${path}\`), or give aiplat another "logDir" in the host config.`,
    cause,
  );
