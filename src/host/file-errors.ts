import { isUtf8 } from 'node:buffer';
import { AiplatError, messageOf, notReady, refused } from '../errors.ts';

/** The name of what the kernel answered, such as `ENOENT`. */
export const codeOf = (thrown: unknown): string => (thrown as { code?: string } | undefined)?.code ?? '';

/** Is it that nothing stands at the path? */
export const isMissing = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown));

/** A path that leads through a link of somebody else's making. */
export const ledAway = (path: string, name: string, target: string): AiplatError =>
  notReady(
    `${path} leads through a link.`,
    `${JSON.stringify(name)} in it is a symbolic link to ${JSON.stringify(target)}, and others than root can have put it there. Root follows no such link.`,
    `Find it with \`namei -l ${path}\`, and put the directory itself in its place.`,
  );

export const notDirectory = (path: string, cause?: unknown): AiplatError =>
  notReady(
    `${path} is no directory.`,
    'Something else stands there, such as a file or a link.',
    `Look at it with \`ls -ld ${path}\`, then move it away: mv ${path} ${path}.away`,
    cause,
  );

/** @param points mount points at or below the path, parents first. */
export const stillMounted = (path: string, points: readonly string[]): AiplatError =>
  notReady(
    `${path} cannot be removed: something is mounted there.`,
    `Mounted: ${points.join(', ')}. What is mounted does not go with the directory that holds it.`,
    `Take it out of there first: umount ${points.at(-1)}`,
  );

const notReadable = (path: string, why: string, fix: string): AiplatError =>
  refused(`${path} cannot be read.`, why, fix);

/** What was seen of a file that is about to be read. */
export interface ReadFacts {
  readonly kind: 'directory' | 'file' | 'link' | 'other';
  readonly uid: number;
  /** How many names it has. */
  readonly links: number;
  readonly bytes: number;
}

const KINDS = { directory: 'a directory', link: 'a symbolic link', other: 'a FIFO, a socket or a device' };

/** @throws AiplatError (exit 2) when it is no regular file, too large, somebody else's, or has a second name. */
export function requireReadable(
  path: string,
  { kind, uid, links, bytes }: ReadFacts,
  limitBytes: number,
  owners: readonly number[] | undefined,
): void {
  if (kind !== 'file') {
    const fix = `Look at it with \`ls -ld ${path}\`, and put a plain file there.`;
    throw notReadable(path, `It is no regular file but ${KINDS[kind]}.`, fix);
  }
  if (bytes > limitBytes) throw tooLarge(path, limitBytes);
  if (owners === undefined) return;
  if (!owners.includes(uid)) {
    throw notReadable(
      path,
      `It belongs to UID ${uid}; it has to belong to UID ${owners.join(' or ')}.`,
      `Read what it says. When it is as it should be: chown ${Math.max(...owners)} ${path}`,
    );
  }
  if (links > 1) {
    throw notReadable(
      path,
      `The same file has ${links} names (hard links), so it may be somebody else's.`,
      `Read what it says. When it is as it should be, make it a file of its own: cp -p ${path} ${path}.own && mv ${path}.own ${path}`,
    );
  }
}

export const tooLarge = (path: string, limitBytes: number): AiplatError =>
  notReadable(
    path,
    `It has more than ${limitBytes} bytes, and no more are read.`,
    `Look at it with \`head ${path}\`, and take out what does not belong there.`,
  );

/** @throws AiplatError (exit 2) with the first line that is no UTF-8 or has a NUL in it. */
export function requireText(path: string, bytes: Buffer): void {
  if (isUtf8(bytes) && !bytes.includes(0)) return;
  const lines = bytes.toString('latin1').split('\n');
  const at = lines.findIndex((line) => line.includes('\0') || !isUtf8(Buffer.from(line, 'latin1')));
  const what = lines[at]?.includes('\0') === true ? 'has a NUL byte' : 'is no UTF-8';
  throw notReadable(
    path,
    `Line ${at + 1} ${what}.`,
    `Mend that line (\`sed -n ${at + 1}p ${path} | cat -v\` shows it) and save the file as UTF-8.`,
  );
}

interface Explanation {
  readonly why: string;
  readonly fix: (path: string) => string;
}

/** What the kernel answers when a machine is not well, in words. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  EACCES: {
    why: 'You may not.',
    fix: (path) =>
      `Run it as root; when you are root, something else forbids it: \`namei -l ${path}\`, \`journalctl -k --grep denied\`.`,
  },
  EPERM: {
    why: 'You may not, or it is marked as immutable.',
    fix: (path) => `Run it as root, and look at its attributes: lsattr -d ${path}`,
  },
  ENOSPC: { why: 'The disk is full.', fix: (path) => `Make room: \`df -h ${path}\`, \`df -i ${path}\`.` },
  EDQUOT: { why: 'A quota is used up.', fix: (path) => `Make room, or raise the quota: df -h ${path}` },
  EROFS: {
    why: 'The disk is mounted read-only; the kernel does so by itself when a disk has faults.',
    fix: () => 'Look for its reason (`dmesg | tail`), then mount it writable: mount -o remount,rw MOUNTPOINT',
  },
  EIO: { why: 'The disk has a fault.', fix: () => 'Look at what the kernel says of it: dmesg | tail' },
  EMFILE: { why: 'This process has too many files open.', fix: () => 'Allow more: ulimit -n 4096' },
  ENFILE: {
    why: 'This machine has too many files open.',
    fix: () => 'See who: lsof | wc -l; cat /proc/sys/fs/file-nr',
  },
  ENAMETOOLONG: { why: 'Its name is too long.', fix: () => 'Take a shorter path in the host config.' },
  ENOENT: { why: 'A part of the path is missing.', fix: (path) => `See which: namei -l ${path}` },
  ENOTDIR: { why: 'A part of the path is no directory.', fix: (path) => `See which: namei -l ${path}` },
  ELOOP: { why: 'Its links lead in a circle.', fix: (path) => `See which: namei -l ${path}` },
  EISDIR: { why: 'A directory stands there.', fix: (path) => `Move it away: mv ${path} ${path}.away` },
  ENOTEMPTY: {
    why: 'A directory that is not empty stands there.',
    fix: (path) => `Move it away: mv ${path} ${path}.away`,
  },
  EBUSY: { why: 'Something is mounted there.', fix: (path) => `See what: findmnt --target ${path}` },
  EAGAIN: {
    why: 'A program holds it (a lease of fcntl(2)).',
    fix: (path) => `See which, and end it: fuser -v ${path}`,
  },
};

/**
 * Puts an answer of the kernel into words, so that a full disk is not taken for a bug.
 * @param done such as `read`, for “PATH cannot be read”.
 * @returns whatever has words already, or is none of the kernel's, as it is.
 */
export function explained(thrown: unknown, path: string, done: string): unknown {
  const code = codeOf(thrown);
  if (thrown instanceof AiplatError || !/^E[A-Z0-9]+$/.test(code)) return thrown;
  const { why, fix } = EXPLANATIONS[code] ?? {
    why: `The kernel says: ${messageOf(thrown)}.`,
    fix: () =>
      `Look at the path and its disk: \`namei -l ${path}\`, \`findmnt --target ${path}\`, \`dmesg | tail\`.`,
  };
  return notReady(`${path} cannot be ${done}.`, `${why} (${code})`, fix(path), thrown);
}
