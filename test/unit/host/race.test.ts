import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AiplatError } from '../../../src/errors.ts';
import { realFiles } from '../../../src/host/files.ts';
import type { Files } from '../../../src/host/host.ts';
import { facesOf, THEIR_UID, UNABLE } from './canary.ts';

const ROUNDS = 250;
const CONTROL_MS = 20_000;
const OWNER = { uid: THEIR_UID, gid: THEIR_UID };

let root = '';
let attacker: ChildProcess | undefined;
const at = (path: string): string => join(root, path);

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'aiplat-race-'));
  fs.chmodSync(root, 0o755);
  fs.mkdirSync(at('canary/deep/folder'), { recursive: true });
  fs.writeFileSync(at('canary/deep/file'), 'secret');
  fs.writeFileSync(at('canary/deep/folder/file'), 'secret');
  fs.mkdirSync(at('arena/it/deep/folder'), { recursive: true });
  for (const path of ['arena', 'arena/it', 'arena/it/deep', 'arena/it/deep/folder']) {
    fs.chownSync(at(path), THEIR_UID, THEIR_UID);
  }
});

afterEach(async () => {
  await end();
  execFileSync('rm', ['-rf', root]);
});

/** The attacker swaps arena/it and a directory in it; resolves when it is at it. */
async function attack(uid: number): Promise<void> {
  const program = join(import.meta.dirname, 'swapper.ts');
  const pairs = ['arena/it', 'arena/it/deep'].map((path) => `${at(path)}=${at('canary')}`);
  attacker = spawn(process.execPath, [program, String(uid), ...pairs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (attacker.stdout !== null) await once(attacker.stdout, 'data');
}

async function end(): Promise<void> {
  if (attacker === undefined || attacker.exitCode !== null || attacker.signalCode !== null) return;
  const ended = once(attacker, 'exit');
  attacker.kill('SIGKILL');
  await ended;
}

type Verbs = Pick<Files, 'makeDirectory' | 'writeText' | 'readText' | 'rename' | 'removeTree'>;

/** What a command does below a directory, and what it must never see. */
const ATTEMPTS: readonly ((files: Verbs) => Promise<unknown>)[] = [
  (files) => files.makeDirectory({ path: at('arena/it/deep/folder'), ...OWNER, mode: 0o777 }),
  (files) => files.makeDirectory({ path: at('arena/it/new/one'), ...OWNER, mode: 0o777 }),
  (files) => files.makeDirectory({ path: at('arena/it/deep'), ...OWNER, mode: 0o777 }),
  (files) => files.writeText(at('arena/it/deep/file'), 'ours', { ...OWNER, mode: 0o666 }),
  (files) => files.writeText(at('arena/it/added'), 'ours', { ...OWNER, mode: 0o666 }),
  (files) => files.readText(at('arena/it/deep/file'), 100),
  (files) => files.rename(at('arena/it/deep/file'), at('arena/it/deep/moved')),
  (files) => files.removeTree(at('arena/it/deep/folder')),
];

const THOROUGH = 40;

/** @returns what came of them: the words of those that were refused, and all that was read. */
async function makeAttempts(files: Verbs, round: number): Promise<string[]> {
  const whole = (one: Verbs): Promise<unknown> => one.removeTree(at('arena/it'));
  const outcomes: string[] = [];
  for (const attempt of round % THOROUGH === 0 ? [...ATTEMPTS, whole] : ATTEMPTS) {
    const outcome = await attempt(files).catch((thrown: unknown) => thrown);
    if (outcome instanceof Error && !(outcome instanceof AiplatError)) throw outcome;
    outcomes.push(outcome instanceof AiplatError ? outcome.what : String(outcome));
  }
  return outcomes;
}

/** The same by path, as it is often written. */
const naive: Verbs = {
  makeDirectory: async ({ path, uid, gid, mode }) => {
    fs.mkdirSync(path, { recursive: true });
    fs.chownSync(path, uid, gid);
    fs.chmodSync(path, mode);
  },
  writeText: async (path, text, { uid, gid }) => {
    fs.writeFileSync(path, text);
    fs.chownSync(path, uid, gid);
  },
  readText: async (path) => fs.readFileSync(path, 'utf8'),
  rename: async (from, to) => fs.renameSync(from, to),
  removeTree: async (path) => fs.rmSync(path, { recursive: true, force: true }),
};

const ATTACKERS = [
  { who: 'a tenant', uid: THEIR_UID },
  { who: 'root', uid: 0 },
];

describe.skipIf(UNABLE)('while somebody swaps directories for links', () => {
  it.each(ATTACKERS)(
    'that is $who, thousands of calls leave the canary alone',
    async ({ uid }) => {
      const before = facesOf(at('canary'));
      await attack(uid);
      const outcomes: string[] = [];
      for (let round = 1; round <= ROUNDS; round++) outcomes.push(...(await makeAttempts(realFiles, round)));
      await end();
      expect(facesOf(at('canary'))).toEqual(before);
      expect(outcomes).not.toContain('secret');
      // The attack was met on its way, and not only missed.
      expect(outcomes.some((words) => words.includes('leads through a link'))).toBe(true);
      expect(outcomes).toContain('undefined');
    },
    120_000,
  );

  it.each(ATTEMPTS.map((attempt, which) => ({ attempt, which })))(
    'the same calls by path change it, or see what it holds (attempt $which)',
    async ({ attempt }) => {
      const before = facesOf(at('canary'));
      await attack(THEIR_UID);
      const deadline = Date.now() + CONTROL_MS;
      let isBitten = false;
      while (!isBitten && Date.now() < deadline) {
        const seen = await attempt(naive).catch(() => undefined);
        isBitten = seen === 'secret' || JSON.stringify(facesOf(at('canary'))) !== JSON.stringify(before);
      }
      expect(isBitten).toBe(true);
    },
    60_000,
  );
});
