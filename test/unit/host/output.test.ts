import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const OUTPUT_FILE = join(import.meta.dirname, '../../../src/host/output.ts');
const SCRIPT = '/usr/bin/script';
const CTRL_S = '\u0013';
const CTRL_Q = '\u0011';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aiplat-output-'));
});
let running: ChildProcess | undefined;
afterEach(() => {
  running?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const has = (name: string): boolean => existsSync(join(dir, name));
async function until(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !isTrue(); round++) await sleep(25);
  expect(isTrue()).toBe(true);
}

/** Waits for the file `go`, says a word, goes on. */
function program(): string {
  writeFileSync(
    join(dir, 'program.mjs'),
    `import { existsSync, writeFileSync } from 'node:fs';
    import { patient } from ${JSON.stringify(OUTPUT_FILE)};
    const out = patient(process.stdout);
    writeFileSync(${JSON.stringify(join(dir, 'ready'))}, '');
    const round = setInterval(() => {
      if (!existsSync(${JSON.stringify(join(dir, 'go'))})) return;
      clearInterval(round);
      out.write('word\\n');
      writeFileSync(${JSON.stringify(join(dir, 'went-on'))}, '');
    }, 20);`,
  );
  return `${process.execPath} ${join(dir, 'program.mjs')}`;
}

describe('output', () => {
  it.runIf(existsSync(SCRIPT))('to a terminal that its user has stopped holds nobody up', async () => {
    const child: ChildProcess = spawn(SCRIPT, ['-qec', program(), '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running = child;
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    await until(() => has('ready'));
    child.stdin?.write(CTRL_S);
    await sleep(200);
    writeFileSync(join(dir, 'go'), '');
    await until(() => has('went-on'));
    expect(said).not.toMatch(/word/);
    child.stdin?.write(CTRL_Q);
    await until(() => /word/.test(said));
    child.stdin?.end();
  });

  it('to a file arrives there', async () => {
    const child = spawn('sh', ['-c', `${program()} >>${dir}/file`], { stdio: 'inherit' });
    writeFileSync(join(dir, 'file'), 'before\n');
    writeFileSync(join(dir, 'go'), '');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('before\nword\n');
  });
});
