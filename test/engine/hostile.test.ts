import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facesOf } from '../unit/host/canary.ts';
import { type Installation, install, type Run, sweep } from './aiplat.ts';

const TENANT = 'tenant-1011';
const ROUNDS = 3;
const BOUND_MS = 120_000;
const SWAPPER = join(import.meta.dirname, '../unit/host/swapper.ts');

const SETUP = ['setup', '--tenant', TENANT, '--services', 'caddy,valkey', '--vector-db', 'chroma'];
const COMMANDS: readonly (readonly string[])[] = [
  SETUP,
  ['deploy', '--tenant', TENANT, '--timeout', '20'],
  ['ops', 'backup', '--tenant', TENANT],
  ['teardown', '--tenant', TENANT, '--delete-data', '--confirm', TENANT],
];

let here: Installation;
let canary = '';
/** Where backups go. */
let vault = '';
const SWAPPED = ['', '/data', '/config', '/data/valkey'];
const placeOf = (path: string): string => join(here.dir, `mnt/data-${TENANT}`) + path;

beforeAll(async () => {
  vault = await mkdtemp(join(tmpdir(), 'aiplat-vault-'));
  here = await install(undefined, { backup: { repository: vault } });
  canary = join(here.dir, 'canary');
  for (const path of ['data/valkey', 'config', 'logs', 'apparmor', 'ssl/certs']) {
    mkdirSync(join(canary, path), { recursive: true, mode: 0o700 });
  }
  for (const path of ['data/valkey/file', 'config/.env'])
    writeFileSync(join(canary, path), 'secret', { mode: 0o600 });
});

afterAll(async () => {
  await sweep(here, [TENANT]);
  rmSync(vault, { recursive: true, force: true });
});

/** The canary has the shape of what is swapped for it. */
async function attack(paths: readonly string[]): Promise<ChildProcess> {
  const pairs = paths.map((path) => `${placeOf(path)}=${canary}${path}`);
  const attacker = spawn(process.execPath, [SWAPPER, '0', ...pairs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(attacker.stdout, 'data');
  return attacker;
}

async function end(attacker: ChildProcess): Promise<void> {
  const ended = once(attacker, 'exit');
  attacker.kill('SIGKILL');
  await ended;
}

const kindOf = (path: string): 'nothing' | 'link' | 'directory' => {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return 'nothing';
  return facts.isSymbolicLink() ? 'link' : 'directory';
};

/** What an admin does when told that a path leads through a link: the directory goes back into its place. */
function putBack(): void {
  for (const directory of SWAPPED.map(placeOf)) {
    if (kindOf(directory) === 'link') rmSync(directory);
    if (kindOf(directory) === 'nothing' && kindOf(`${directory}.away`) === 'directory') {
      renameSync(`${directory}.away`, directory);
    }
    rmSync(`${directory}.link`, { force: true });
  }
}

async function timed(command: readonly string[]): Promise<Run & { readonly ms: number }> {
  const began = Date.now();
  return { ...(await here.aiplat(...command)), ms: Date.now() - began };
}

describe('while somebody swaps the directories of a tenant for links', () => {
  it.each([
    ...SWAPPED.map((path) => ({ what: `its${path || ' base'}`, paths: [path] })),
    { what: 'all of them', paths: SWAPPED },
  ])(
    '($what) every command ends in time, with words, and touches nothing behind a link',
    async ({ paths }) => {
      const before = facesOf(canary);
      putBack();
      await here.aiplat(...SETUP);
      const attacker = await attack(paths);
      const codes: (number | undefined)[] = [];
      try {
        for (let round = 0; round < ROUNDS; round++) {
          for (const command of COMMANDS) {
            const { exitCode, stdout, stderr, ms } = await timed(command);
            const all = stdout + stderr;
            expect([0, 1, 2, 3, 4], all).toContain(exitCode);
            expect(all).not.toMatch(/bug in aiplat|secret|^\s+at /m);
            expect(ms, all).toBeLessThan(BOUND_MS);
            expect(facesOf(canary), all).toEqual(before);
            codes.push(exitCode);
          }
        }
      } finally {
        await end(attacker);
      }
      // The attack was met on its way, and not only missed.
      expect(codes.filter((code) => code !== 0)).not.toEqual([]);
    },
  );

  it('and afterwards the same commands succeed', async () => {
    const before = facesOf(canary);
    putBack();
    for (const command of COMMANDS) {
      const { exitCode, stderr } = await timed(command);
      expect(exitCode, stderr).toBe(0);
    }
    expect(facesOf(canary)).toEqual(before);
  });
});
