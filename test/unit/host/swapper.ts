import { lchownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { THEIR_UID } from './canary.ts';

/**
 * The attacker of the race tests, as a process of its own: puts a link to a canary in the place of each of
 * the given directories and the directory back, as fast as it can, until it is ended.
 *
 * node swapper.ts UID DIRECTORY=CANARY… ; a line on stdout says that it has begun.
 */
const [uid = '', ...pairs] = process.argv.slice(2);
const canaries = new Map(pairs.map((pair) => pair.split('=') as [string, string]));
const directories = [...canaries.keys()];
if (Number(uid) !== 0) {
  process.setgroups?.([]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}

function tryTo(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}

/** A directory as the victim expects it, where everything was removed. */
function prepare(directory: string): void {
  mkdirSync(`${directory}/deep/folder`, { recursive: true });
  writeFileSync(`${directory}/deep/file`, 'theirs');
}

function link(directory: string): void {
  symlinkSync(canaries.get(directory) ?? '', `${directory}.link`);
  // What root attacks with is marked as theirs: a link of root's own would rightly be followed.
  if (uid === '0') lchownSync(`${directory}.link`, THEIR_UID, THEIR_UID);
}

let count = 0;
function swap(directory: string): void {
  if (!tryTo(() => renameSync(directory, `${directory}.away`))) {
    // Both are there when the victim made the directory anew meanwhile.
    tryTo(() => renameSync(`${directory}.away`, `${directory}.old${count++}`));
  }
  if (!tryTo(() => renameSync(`${directory}.link`, directory))) tryTo(() => link(directory));
  tryTo(() => renameSync(directory, `${directory}.link`));
  if (!tryTo(() => renameSync(`${directory}.away`, directory))) tryTo(() => prepare(directory));
}

for (const directory of directories) tryTo(() => link(directory));
process.stdout.write('begun\n');
for (;;) for (const directory of directories) swap(directory);
