import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expand } from '../../../src/catalog/expand.ts';
import { TEMPLATES_DIR } from '../sample.ts';

/** Stands for aiplat: says who it is, does its work for a while, writes down with what it was ended. */
const PROGRAM = `
trap 'echo TERM >>"$1/ended"; exit 7' TERM
ps -o pid=,sid=,ni= -p $$ >"$1/who"
ulimit -s >"$1/stack"
n=0; while [ $n -lt 60 ]; do sleep 0.05; n=$((n + 1)); echo "$n" >"$1/beat"; done
read -r line; echo "read $line" >>"$1/ended"
exit 5
`;
const SCRIPT = '/usr/bin/script';
const CAN_TRY = process.getuid?.() === 0 && existsSync(SCRIPT);

let dir = '';
let running: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aiplat-launcher-'));
  running = [];
  writeFileSync(join(dir, 'program'), PROGRAM);
  const values = {
    node: '/bin/sh',
    start: join(dir, 'program'),
    config: '/x',
    dockerHost: '',
    runDir: join(dir, 'run'),
  };
  const scope = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, () => text]));
  const template = readFileSync(join(TEMPLATES_DIR, 'host/launcher'), 'utf8');
  writeFileSync(join(dir, 'launcher'), expand(template, scope), { mode: 0o755 });
});
afterEach(async () => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const env = { ...process.env, SUDO_UID: '1002' };
const read = (name: string): string => {
  try {
    return readFileSync(join(dir, name), 'utf8');
  } catch {
    return '';
  }
};

async function until(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !isTrue(); round++) await sleep(25);
  expect(isTrue()).toBe(true);
}

/**
 * On a terminal of its own, with somebody at the keys. A shell with job control stands above: a process that
 * has none there is never stopped by a key (setpgid(2), orphaned process groups).
 */
function atTerminal(before = ''): { press(keys: string): void; ended: Promise<number | null> } {
  const line = `bash -c "set -m; (${before}exec ${join(dir, 'launcher')} ${dir}); exit \\$?"`;
  const child = spawn(SCRIPT, ['-qec', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { press: (keys) => child.stdin.write(keys), ended };
}

describe.runIf(CAN_TRY)('the launcher, root for somebody else at a terminal', () => {
  it('lets no key stop it: Ctrl-Z passes by, and the exit code comes through', {
    timeout: 15_000,
  }, async () => {
    const terminal = atTerminal();
    await until(() => read('beat') !== '');
    terminal.press('\u001a');
    const before = read('beat');
    await until(() => read('beat') !== before);
    terminal.press('yes\n');
    expect(await terminal.ended).toBe(5);
    expect(read('ended')).toBe('read yes\n');
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-\\', '\u001c'],
  ])('hands on %s as a wish that can be written down', async (_name, keys) => {
    const terminal = atTerminal();
    await until(() => read('beat') !== '');
    terminal.press(keys);
    expect(await terminal.ended).toBe(7);
    expect(read('ended')).toBe('TERM\n');
  });

  it('has a session of its own, and neither the limits nor the priority of the caller', async () => {
    const terminal = atTerminal('ulimit -S -s 256; renice 19 \\$BASHPID >/dev/null; ');
    await until(() => read('beat') !== '');
    const [pid, sid, nice] = read('who').trim().split(/\s+/);
    expect(sid).toBe(pid);
    expect([nice, read('stack').trim()]).toEqual(['0', '8192']);
    terminal.press('\u0003');
    await terminal.ended;
  });
});

describe.runIf(process.getuid?.() === 0)('the launcher, called many times at once', () => {
  it('starts 16 for one user, says so to the next, and takes another user all the same', async () => {
    const start = (uid: string): ChildProcess => {
      const child = spawn(join(dir, 'launcher'), [dir], { env: { ...env, SUDO_UID: uid }, stdio: 'ignore' });
      running.push(child);
      return child;
    };
    const all = Array.from({ length: 16 }, () => start('1002'));
    const slots = (): string[] => readdirSync(join(dir, 'run/slots'));
    await until(() => existsSync(join(dir, 'run/slots')) && slots().length === 16);
    expect(statSync(join(dir, 'run/slots')).mode & 0o777).toBe(0o700);
    const { status, stderr } = spawnSync(join(dir, 'launcher'), [dir], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([5, expect.stringMatching(/16 commands[\s\S]*why[\s\S]*fix/)]);
    const other = start('1001');
    await sleep(300);
    expect(other.exitCode).toBeNull();
    const ended = [...all, other].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of [...all, other]) child.kill('SIGTERM');
    await Promise.all(ended);
  });
});
