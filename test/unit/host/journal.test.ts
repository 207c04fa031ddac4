import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realJournal } from '../../../src/host/journal.ts';

let dir: string;
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const fileIn = (folder: string) => ({ path: join(folder, 'audit.log'), ...owner });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'aiplat-journal-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe('a journal', () => {
  it('is made with its folder, closed to others', async () => {
    const file = fileIn(join(dir, 'log'));
    await realJournal.prepare(file);
    expect((await stat(join(dir, 'log'))).mode & 0o7777).toBe(0o750);
    expect((await stat(file.path)).mode & 0o7777).toBe(0o640);
  });

  it('is closed again when somebody opened it', async () => {
    const file = fileIn(join(dir, 'log'));
    await mkdir(join(dir, 'log'));
    await writeFile(file.path, 'old\n');
    await chmod(file.path, 0o666);
    await realJournal.append(file, 'new');
    expect((await stat(file.path)).mode & 0o7777).toBe(0o640);
    expect(await readFile(file.path, 'utf8')).toBe('old\nnew\n');
  });

  it('keeps the lines of many writers whole', async () => {
    const file = fileIn(dir);
    const lines = Array.from({ length: 50 }, (_, n) => `${n} `.padEnd(3000, 'x'));
    await Promise.all(lines.map((line) => realJournal.append(file, line)));
    const found = (await readFile(file.path, 'utf8')).trimEnd().split('\n');
    expect(found.sort()).toEqual(lines.sort());
  });

  it.each([
    [
      'a link',
      async (path: string) => {
        await writeFile(join(dir, 'elsewhere'), '');
        await symlink(join(dir, 'elsewhere'), path);
      },
    ],
    ['a directory', (path: string) => mkdir(path)],
  ])('is not what %s leads to: exit 3, before anything is changed', async (_what, put) => {
    const file = fileIn(dir);
    await put(file.path);
    await expect(realJournal.prepare(file)).rejects.toMatchObject({
      exitCode: 3,
      what: expect.stringContaining('audit log'),
    });
  });

  it('says so when nothing can be written in its place', async () => {
    const readOnly = { path: '/proc/aiplat/audit.log', ...owner };
    await expect(realJournal.prepare(readOnly)).rejects.toMatchObject({ exitCode: 3 });
  });
});
