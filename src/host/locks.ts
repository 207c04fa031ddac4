import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { explained } from './file-errors.ts';
import type { Lock, LockHolder, Locks } from './host.ts';

const CONFLICT = 75;
/** Who has just got the lock writes its name a moment later. */
const HOLDER_ROUNDS = 20;
const HOLDER_ROUND_MS = 25;

/**
 * Locks by flock(2), held by flock(1) from util-linux as a child whose stdin is a pipe from this process.
 * When this process ends, however it ends, the pipe closes, the child ends and the kernel frees the lock.
 */
export const realLocks: Locks = {
  async acquire(path, holder, waitMs): Promise<Lock | LockHolder> {
    await closedFolder(dirname(path)).catch(inWords(path));
    const patience = waitMs === 0 ? ['--nonblock'] : ['--timeout', String(waitMs / 1000)];
    const child = spawn(
      '/usr/bin/flock',
      [...patience, '--conflict-exit-code', String(CONFLICT), path, '/bin/sh', '-c', 'echo; exec cat'],
      { stdio: ['pipe', 'pipe', 'ignore'], env: {} },
    );
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const isHeld = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
    if (!isHeld) return readHolder(path, (await ended)[0]);
    await writeFile(path, JSON.stringify(holder)).catch(inWords(path));
    // The lock alone keeps no process alive.
    child.unref();
    return {
      async release() {
        await writeFile(path, '');
        child.ref();
        child.stdin.end();
        await ended;
      },
    };
  },
};

const inWords =
  (path: string) =>
  (thrown: unknown): never => {
    throw explained(thrown, path, 'locked');
  };

/** Whoever may open a file may hold its lock, for reading as well (flock(2)): nobody but root comes near it. */
async function closedFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  await chmod(path, 0o700);
}

async function readHolder(path: string, exitCode: number | null): Promise<LockHolder> {
  if (exitCode !== CONFLICT) throw new Error(`flock ended with ${exitCode} for ${path}`);
  for (let round = 0; round < HOLDER_ROUNDS; round++) {
    const text = await readFile(path, 'utf8');
    if (text !== '') return JSON.parse(text) as LockHolder;
    await sleep(HOLDER_ROUND_MS);
  }
  return { pid: 0, command: 'another aiplat', user: 'unknown', since: '' };
}
