import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realFiles } from '../../../src/host/files.ts';
import type { Files } from '../../../src/host/host.ts';
import { FakeFiles } from '../../fake/fake-files.ts';
import { Life } from '../../fake/life.ts';
import { THEIR_UID, UNABLE } from './canary.ts';

/** One tree, made twice: parents first. */
const TREE: readonly {
  readonly path: string;
  readonly uid?: number;
  readonly mode?: number;
  readonly link?: string;
  readonly text?: string;
}[] = [
  { path: 'safe' },
  { path: 'safe/file', text: 'x' },
  { path: 'safe/folder' },
  { path: 'safe/theirs', text: 'x', uid: THEIR_UID },
  { path: 'way', link: 'safe' },
  { path: 'way-of-theirs', link: 'safe', uid: THEIR_UID },
  { path: 'nowhere', link: 'nothing' },
  { path: 'open', mode: 0o777 },
  { path: 'open/way', link: '../safe' },
  { path: 'theirs', uid: THEIR_UID },
  { path: 'theirs/way', link: '../safe' },
  { path: 'theirs/folder' },
  { path: 'theirs/folder/back', link: '../../way' },
];

const FOLDERS = ['safe', 'way', 'way-of-theirs', 'nowhere', 'open/way', 'theirs/way', 'theirs/folder/back'];
const PATHS = FOLDERS.flatMap((path) => [
  path,
  ...['file', 'folder', 'theirs', 'nothing', 'file/below', 'new/one'].map((name) => `${path}/${name}`),
]);

const ROOT = { uid: 0, gid: 0, mode: 0o755 };
const VERBS: Readonly<Record<string, (files: Files, path: string) => Promise<unknown>>> = {
  stat: (files, path) => files.stat(path),
  size: (files, path) => files.size(path),
  list: async (files, path) => (await files.list(path)).sort(),
  readText: (files, path) => files.readText(path, 10),
  'readText of root': (files, path) => files.readText(path, 10, [0]),
  isMountPoint: (files, path) => files.isMountPoint(path),
  makeDirectory: (files, path) => files.makeDirectory({ path, ...ROOT }),
  writeText: (files, path) => files.writeText(path, 'y', ROOT),
  removeTree: (files, path) => files.removeTree(path),
};

let root = '';
let fake: FakeFiles;

function plantTree(): void {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { mode: 0o755 });
  fake = new FakeFiles(new Life());
  for (const { path, uid = 0, mode, link, text } of TREE) {
    const real = join(root, path);
    if (link !== undefined) symlinkSync(link, real);
    else if (text !== undefined) writeFileSync(real, text);
    else mkdirSync(real);
    if (mode !== undefined) chmodSync(real, mode);
    lchownSync(real, uid, uid);
    const shown = mode ?? (link === undefined ? (text === undefined ? 0o755 : 0o644) : 0o777);
    fake.put(real, {
      uid,
      gid: uid,
      mode: shown,
      ...(link === undefined ? {} : { link }),
      ...(text === undefined ? {} : { text }),
    });
  }
}

/** What came of it: the answer, or the exit code and the words. */
const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((thrown: { exitCode?: number; what?: string; why?: string }) => ({
    exitCode: thrown.exitCode,
    what: thrown.what,
    why: thrown.why,
  }));

describe.skipIf(UNABLE)('the fake files answer as the real ones', () => {
  beforeAll(() => {
    root = join(mkdtempSync(join(tmpdir(), 'aiplat-agree-')), 'tree');
  });
  afterAll(() => rmSync(join(root, '..'), { recursive: true, force: true }));

  it.each(Object.keys(VERBS))('to %s', async (verb) => {
    for (const path of PATHS) {
      plantTree();
      const [real, faked] = [realFiles, fake].map((files) => VERBS[verb]?.(files, join(root, path)));
      expect(await outcomeOf(faked as Promise<unknown>), path).toEqual(
        await outcomeOf(real as Promise<unknown>),
      );
    }
  });
});
