import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFiles } from '../../../src/host/files.ts';

/** Owner of what the tests make: they need not be root. */
const OWNER = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let root = '';
const at = (path: string): string => join(root, path);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'aiplat-files-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe('reading a file', () => {
  it('gives its text, or nothing where there is none', async () => {
    writeFileSync(at('a'), 'text');
    expect(await realFiles.readText(at('a'), 4)).toBe('text');
    expect(await realFiles.readText(at('b'), 4)).toBeUndefined();
    expect(await realFiles.readText(at('a/b'), 4)).toBeUndefined();
  });

  it.each<[string, () => void]>([
    [
      'a link',
      () => {
        writeFileSync(at('secret'), 'root:x');
        symlinkSync(at('secret'), at('it'));
      },
    ],
    ['a link to nowhere', () => symlinkSync(at('nowhere'), at('it'))],
    ['a directory', () => mkdirSync(at('it'))],
    ['a FIFO that nobody writes to', () => execFileSync('mkfifo', [at('it')])],
    ['too large', () => writeFileSync(at('it'), 'x'.repeat(11))],
  ])('that is %s is refused, and waits for nobody: exit 2', async (_title, make) => {
    make();
    await expect(realFiles.readText(at('it'), 10)).rejects.toMatchObject({
      exitCode: 2,
      why: expect.not.stringContaining('root:x'),
    });
  });
});

describe('writing a file', () => {
  it('sets owner and mode whatever stood there before, and leaves nothing else behind', async () => {
    writeFileSync(at('a'), 'old', { mode: 0o666 });
    await realFiles.writeText(at('a'), 'new', { ...OWNER, mode: 0o400 });
    expect([readFileSync(at('a'), 'utf8'), modeOf(at('a'))]).toEqual(['new', 0o400]);
    expect(readdirSync(root)).toEqual(['a']);
  });

  it.each(['symbolic', 'hard'] as const)(
    'puts itself in the place of a %s link and leaves its target alone',
    async (kind) => {
      writeFileSync(at('target'), 'theirs');
      (kind === 'symbolic' ? symlinkSync : linkSync)(at('target'), at('a'));
      await realFiles.writeText(at('a'), 'ours', { ...OWNER, mode: 0o600 });
      expect([readFileSync(at('target'), 'utf8'), readFileSync(at('a'), 'utf8')]).toEqual(['theirs', 'ours']);
      expect((await realFiles.stat(at('a')))?.kind).toBe('file');
    },
  );

  it('that fails leaves the old text and no temporary file', async () => {
    mkdirSync(at('a'));
    await expect(realFiles.writeText(at('a'), 'x', { ...OWNER, mode: 0o600 })).rejects.toThrow();
    expect(readdirSync(root)).toEqual(['a']);
  });

  it('is seen whole by whoever reads meanwhile', async () => {
    const texts = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await realFiles.writeText(at('f'), texts[0] ?? '', { ...OWNER, mode: 0o600 });
    let isOver = false;
    const writing = (async () => {
      for (let n = 0; n < 30; n++)
        await realFiles.writeText(at('f'), texts[n % 2] ?? '', { ...OWNER, mode: 0o600 });
      isOver = true;
    })();
    for (; !isOver; await nextTurn()) expect(texts).toContain(await realFiles.readText(at('f'), 1_000_000));
    await writing;
  });
});

describe('making a directory', () => {
  it('makes its parents, and sets the mode of one that is there', async () => {
    await realFiles.makeDirectory({ path: at('a/b'), ...OWNER, mode: 0o750 });
    expect([modeOf(at('a')), modeOf(at('a/b'))]).toEqual([0o755, 0o750]);
    chmodSync(at('a/b'), 0o777);
    await realFiles.makeDirectory({ path: at('a/b'), ...OWNER, mode: 0o700 });
    expect(modeOf(at('a/b'))).toBe(0o700);
  });

  it.each(['a link to a directory', 'a file'])(
    'where %s stands is refused and changes nothing behind it',
    async (what) => {
      mkdirSync(at('theirs'), { mode: 0o711 });
      if (what === 'a file') writeFileSync(at('it'), '');
      else symlinkSync(at('theirs'), at('it'));
      await expect(realFiles.makeDirectory({ path: at('it'), ...OWNER, mode: 0o700 })).rejects.toMatchObject({
        exitCode: 3,
      });
      expect(modeOf(at('theirs'))).toBe(0o711);
    },
  );
});

describe('removing a tree', () => {
  it('removes links and not what they point to', async () => {
    mkdirSync(at('theirs'));
    writeFileSync(at('theirs/file'), '');
    mkdirSync(at('tree/deep'), { recursive: true });
    symlinkSync(at('theirs'), at('tree/deep/link'));
    await realFiles.removeTree(at('tree'));
    expect(readdirSync(root)).toEqual(['theirs']);
    expect(readdirSync(at('theirs'))).toEqual(['file']);
  });

  it('of nothing is no error', async () => {
    await realFiles.removeTree(at('nothing'));
  });
});

describe('looking at a path', () => {
  it('tells kind, owner and mode, of a link itself', async () => {
    writeFileSync(at('file'), '');
    chmodSync(at('file'), 0o640);
    symlinkSync(at('file'), at('link'));
    expect(await realFiles.stat(at('file'))).toEqual({ kind: 'file', ...OWNER, mode: 0o640 });
    expect(await realFiles.stat(at('link'))).toMatchObject({ kind: 'other' });
    expect(await realFiles.stat(root)).toMatchObject({ kind: 'directory' });
    expect(await realFiles.stat(at('nothing'))).toBeUndefined();
  });

  it('lists a directory, and nothing where there is none', async () => {
    writeFileSync(at('file'), '');
    expect(await realFiles.list(root)).toEqual(['file']);
    expect(await realFiles.list(at('nothing'))).toEqual([]);
    expect(await realFiles.list(at('file'))).toEqual([]);
  });

  it('knows a mount point from a directory', async () => {
    expect(await Promise.all(['/', '/proc', root, at('nothing')].map(realFiles.isMountPoint))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
