import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFiles } from '../../../src/host/files.ts';
import { facesOf, THEIR_UID, UNABLE } from './canary.ts';

const ROOT = { uid: 0, gid: 0 };
const LIMIT_BYTES = 64 * 1024;

let root = '';
const at = (path: string): string => join(root, path);
const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'aiplat-hostile-'));
  chmodSync(root, 0o755);
});

afterEach(() => {
  run('rm', '-rf', root);
});

/** Every verb, with a path that it works on. */
const VERBS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  readText: (path) => realFiles.readText(path, LIMIT_BYTES),
  stat: (path) => realFiles.stat(path),
  list: (path) => realFiles.list(path),
  makeDirectory: (path) => realFiles.makeDirectory({ path, ...ROOT, mode: 0o777 }),
  writeText: (path) => realFiles.writeText(path, 'ours', { ...ROOT, mode: 0o666 }),
  'rename from': (path) => realFiles.rename(path, at('elsewhere')),
  'rename to': (path) => {
    writeFileSync(at('moved'), 'ours');
    return realFiles.rename(at('moved'), path);
  },
  removeTree: (path) => realFiles.removeTree(path),
  isMountPoint: (path) => realFiles.isMountPoint(path),
};

/** A tree of root's that no verb may see through a link of theirs: canary/deep/{file,folder}. */
function makeCanary(): string {
  mkdirSync(at('canary/deep/folder'), { recursive: true });
  writeFileSync(at('canary/deep/file'), 'secret');
  return at('canary');
}

/** A link where somebody else than root could have put it. */
const LINKS: Readonly<Record<string, (target: string) => void>> = {
  'in a directory of theirs': (target) => {
    mkdirSync(at('theirs'));
    symlinkSync(target, at('theirs/link'));
    chownSync(at('theirs'), THEIR_UID, THEIR_UID);
  },
  'in a directory that all may write': (target) => {
    mkdirSync(at('theirs'));
    symlinkSync(target, at('theirs/link'));
    chmodSync(at('theirs'), 0o1777);
  },
  'in a directory that a group may write': (target) => {
    mkdirSync(at('theirs'));
    symlinkSync(target, at('theirs/link'));
    chmodSync(at('theirs'), 0o775);
  },
  'that is theirs, in a directory that has become root’s': (target) => {
    mkdirSync(at('theirs'));
    symlinkSync(target, at('theirs/link'));
    lchownSync(at('theirs/link'), THEIR_UID, THEIR_UID);
  },
};

const WAYS = Object.keys(VERBS).flatMap((verb) => Object.keys(LINKS).map((where) => ({ verb, where })));

describe.skipIf(UNABLE)('a link on the way', () => {
  it.each(WAYS)('$where: $verb refuses it and touches nothing behind it', async ({ verb, where }) => {
    const before = facesOf(makeCanary());
    LINKS[where]?.(at('canary'));
    for (const path of ['theirs/link/deep/file', 'theirs/link/deep/folder', 'theirs/link/new/one']) {
      await expect(VERBS[verb]?.(at(path)), path).rejects.toMatchObject({
        exitCode: 3,
        what: expect.stringContaining('leads through a link'),
        why: expect.not.stringContaining('secret'),
      });
    }
    expect(facesOf(at('canary'))).toEqual(before);
  });

  it('that root alone can have made is followed, absolute, relative and to another such link', async () => {
    makeCanary();
    symlinkSync(at('canary'), at('absolute'));
    mkdirSync(at('beside'));
    symlinkSync('../absolute/deep/../deep', at('beside/relative'));
    expect(await realFiles.readText(at('beside/relative/file'), LIMIT_BYTES)).toBe('secret');
    await realFiles.makeDirectory({ path: at('beside/relative/new/one'), ...ROOT, mode: 0o700 });
    expect(await realFiles.list(at('beside/relative'))).toEqual(['file', 'folder', 'new']);
    await realFiles.removeTree(at('beside/relative/new'));
    expect(existsSync(at('canary/deep/new'))).toBe(false);
  });

  it('that leads in a circle is refused', async () => {
    symlinkSync('circle', at('circle'));
    await expect(realFiles.stat(at('circle/x'))).rejects.toMatchObject({ exitCode: 3 });
  });
});

describe.skipIf(UNABLE)('a link at the end', () => {
  beforeEach(() => {
    makeCanary();
    LINKS['in a directory of theirs']?.(at('canary/deep'));
  });

  it('is refused by reading, making and listing, seen as itself, replaced by writing, and removed alone', async () => {
    const before = facesOf(at('canary'));
    const link = at('theirs/link');
    await expect(realFiles.readText(link, LIMIT_BYTES)).rejects.toMatchObject({ exitCode: 2 });
    await expect(realFiles.makeDirectory({ path: link, ...ROOT, mode: 0o700 })).rejects.toMatchObject({
      exitCode: 3,
    });
    await expect(realFiles.list(link)).rejects.toMatchObject({ exitCode: 3 });
    expect(await realFiles.stat(link)).toMatchObject({ kind: 'other' });
    await realFiles.writeText(link, 'ours', { ...ROOT, mode: 0o600 });
    expect(readFileSync(link, 'utf8')).toBe('ours');
    rmSync(link);
    symlinkSync(at('canary/deep'), link);
    await realFiles.removeTree(link);
    expect(existsSync(link)).toBe(false);
    expect(facesOf(at('canary'))).toEqual(before);
  });
});

describe.skipIf(UNABLE)('a file that others write', () => {
  const OWNERS = [0, THEIR_UID];
  const put = (text: string | Buffer, uid = THEIR_UID): void => {
    writeFileSync(at('it'), text);
    chownSync(at('it'), uid, uid);
  };

  it.each([0, THEIR_UID])('is read when it belongs to UID %i', async (uid) => {
    put('é', uid);
    expect(await realFiles.readText(at('it'), LIMIT_BYTES, OWNERS)).toBe('é');
  });

  it.each<[string, RegExp, () => void]>([
    ['of somebody else', /belongs to UID 1002/, () => put('x', 1002)],
    [
      'with a second name',
      /has 2 names/,
      () => {
        put('x');
        linkSync(at('it'), at('other'));
      },
    ],
    ['of 70 KiB', /more than 65536 bytes/, () => put('x'.repeat(70 * 1024))],
    ['that is no UTF-8', /Line 2 is no UTF-8/, () => put(Buffer.from('A=b\nC=\xe9\n', 'latin1'))],
    ['with a NUL', /Line 3 has a NUL byte/, () => put('A=b\n\nC=\0')],
    ['that is a FIFO', /a FIFO/, () => run('mkfifo', 'it')],
    ['that is a device', /a device/, () => run('mknod', 'it', 'c', '1', '5')],
    ['that is a directory', /a directory/, () => mkdirSync(at('it'))],
    ['that is a link', /a symbolic link/, () => symlinkSync('/etc/passwd', at('it'))],
  ])('%s is refused: exit 2', async (_what, why, make) => {
    make();
    await expect(realFiles.readText(at('it'), LIMIT_BYTES, OWNERS)).rejects.toMatchObject({
      exitCode: 2,
      why: expect.stringMatching(why),
      fix: expect.stringContaining(at('it')),
    });
  });

  it('without end is read no further than the limit', async () => {
    const kernels = realFiles.readText('/proc/kallsyms', LIMIT_BYTES);
    await expect(kernels).rejects.toMatchObject({ why: expect.stringContaining('more than 65536 bytes') });
  });
});

describe.skipIf(UNABLE)('what the kernel refuses', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a name that is too long', () => realFiles.stat(at('n'.repeat(300))), /too long\. \(ENAMETOOLONG\)/],
    [
      'a full disk',
      () => {
        mkdirSync(at('small'));
        run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', 'small');
        const text = 'x'.repeat(LIMIT_BYTES * 2);
        const writing = realFiles.writeText(at('small/file'), text, { ...ROOT, mode: 0o600 });
        return writing.finally(() => {
          expect(readdirSync(at('small'))).toEqual([]);
          run('umount', 'small');
        });
      },
      /disk is full\. \(ENOSPC\)/,
    ],
    [
      'a disk that is read-only',
      () => {
        mkdirSync(at('closed'));
        run('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', 'closed');
        const making = realFiles.makeDirectory({ path: at('closed/x'), ...ROOT, mode: 0o700 });
        return making.finally(() => run('umount', 'closed'));
      },
      /read-only.*\(EROFS\)/,
    ],
    [
      'a directory where a file has to go',
      () => {
        mkdirSync(at('taken/inner'), { recursive: true });
        return realFiles.writeText(at('taken'), 'x', { ...ROOT, mode: 0o600 });
      },
      /A directory .*stands there/,
    ],
    [
      'a file in the place of a directory',
      () => realFiles.makeDirectory({ path: '/etc/passwd/x', ...ROOT, mode: 0o700 }),
      /ENOTDIR/,
    ],
    ['a move of nothing', () => realFiles.rename(at('nothing'), at('b')), /ENOENT/],
  ])('comes with words: %s', async (_what, attempt, why) => {
    await expect(attempt()).rejects.toMatchObject({
      exitCode: 3,
      what: expect.stringContaining('cannot be'),
      why: expect.stringMatching(why),
    });
  });
});

describe.skipIf(UNABLE)('removing a tree', () => {
  it('takes FIFOs, devices, sockets of names with newlines, dashes and no UTF-8', async () => {
    mkdirSync(at('tree/-rf'), { recursive: true });
    run('mkfifo', 'tree/fifo');
    run('mknod', 'tree/device', 'c', '1', '5');
    writeFileSync(at('tree/two\nlines'), '');
    writeFileSync(Buffer.concat([Buffer.from(at('tree/-rf/')), Buffer.from([0xff, 0xfe, 0x0a])]), '');
    await realFiles.removeTree(at('tree'));
    expect(readdirSync(root)).toEqual([]);
  });

  it('takes one whose own name begins with a dash, and single files', async () => {
    mkdirSync(at('-i/inner'), { recursive: true });
    writeFileSync(at('--help'), '');
    for (const name of ['-i', '--help', 'nothing', 'nothing/below']) await realFiles.removeTree(at(name));
    expect(readdirSync(root)).toEqual([]);
  });

  it('takes 3,000 levels and 100,000 entries', async () => {
    mkdirSync(at('tree/many'), { recursive: true });
    for (let n = 0; n < 100_000; n++) closeSync(openSync(at(`tree/many/${n}`), 'w'));
    const deep =
      'for (let n = 0; n < 3000; n++) { fs.mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); }';
    run(process.execPath, '-e', `process.chdir('tree'); ${deep}`);
    await realFiles.removeTree(at('tree'));
    expect(readdirSync(root)).toEqual([]);
  }, 60_000);

  it.each(['tmpfs', 'bind'])(
    'with something mounted in it (%s) is refused and takes nothing',
    async (kind) => {
      for (const path of ['tree/in side/mount', 'beside']) mkdirSync(at(path), { recursive: true });
      writeFileSync(at('tree/file'), '');
      if (kind === 'tmpfs') run('mount', '-t', 'tmpfs', 'tmpfs', 'tree/in side/mount');
      else run('mount', '--bind', 'beside', 'tree/in side/mount');
      writeFileSync(at('tree/in side/mount/precious'), '');
      try {
        for (const path of ['tree', 'tree/in side/mount']) {
          await expect(realFiles.removeTree(at(path))).rejects.toMatchObject({
            exitCode: 3,
            why: expect.stringContaining(at('tree/in side/mount')),
          });
        }
        expect(existsSync(at('tree/in side/mount/precious'))).toBe(true);
        expect(existsSync(at('tree/file'))).toBe(true);
        expect(await realFiles.isMountPoint(at('tree/in side/mount'))).toBe(true);
        expect(await realFiles.isMountPoint(at('tree/in side'))).toBe(false);
      } finally {
        run('umount', 'tree/in side/mount');
      }
    },
  );
});
