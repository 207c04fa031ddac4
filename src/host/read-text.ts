import { constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { beneath, HOLD, pathOfDescriptor, whileOpen } from './beneath.ts';
import { type ReadFacts, requireReadable, requireText, tooLarge } from './file-errors.ts';
import type { PathFacts } from './host.ts';

const { O_NONBLOCK, O_RDONLY } = constants;

/**
 * The text of a regular file, looked at before it is opened and opened by what was looked at: nothing can
 * come between, and no FIFO or device is ever opened.
 * @throws AiplatError (exit 2) when it is not what it has to be.
 */
export function readText(
  path: string,
  limitBytes: number,
  owners?: readonly number[],
): Promise<string | undefined> {
  const readHeld = (held: number): string => {
    requireReadable(path, readFacts(fstatSync(held)), limitBytes, owners);
    // A lease on the file would hold root up for 45 s without O_NONBLOCK (fcntl(2)).
    const opened = openSync(pathOfDescriptor(held), O_RDONLY | O_NONBLOCK);
    const bytes = whileOpen(opened, (descriptor) => readAtMost(descriptor, limitBytes + 1));
    if (bytes.length > limitBytes) throw tooLarge(path, limitBytes);
    if (owners !== undefined) requireText(path, bytes);
    return bytes.toString('utf8');
  };
  return beneath(path, ({ at }) => whileOpen(openSync(at, HOLD), readHeld));
}

function readAtMost(descriptor: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  let filled = 0;
  for (let got = -1; got !== 0 && filled < count; filled += got) {
    got = readSync(descriptor, bytes, filled, count - filled, null);
  }
  return bytes.subarray(0, filled);
}

const readFacts = (facts: Stats): ReadFacts => ({
  kind: facts.isSymbolicLink() ? 'link' : kindOf(facts),
  uid: facts.uid,
  links: facts.nlink,
  bytes: facts.size,
});

export const kindOf = (facts: Stats): PathFacts['kind'] =>
  facts.isDirectory() ? 'directory' : facts.isFile() ? 'file' : 'other';
