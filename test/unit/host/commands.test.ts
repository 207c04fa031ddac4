import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { realCommands } from '../../../src/host/commands.ts';

const COMMANDS = join(import.meta.dirname, '../../../src/host/commands.ts');

/** One that ended and that nobody asked about yet still has its number (proc_pid_stat(5), state Z). */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A process that starts `sleep` and is killed when that runs. @returns the number of `sleep`. */
async function orphaned(manner: object): Promise<number> {
  const script = `import { realCommands } from '${COMMANDS}';
await realCommands.run('sh', ['-c', 'echo $$; exec sleep 20'], console.log, ${JSON.stringify(manner)});`;
  const parent: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [pid] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await sleep(200);
  return Number(pid.toString().trim());
}

describe('a program of the system', () => {
  it('gets what it is given beside its own small environment, and nothing of the caller', async () => {
    const { output } = await realCommands.run('env', [], undefined, { env: { AWS_REGION: 'x' } });
    const names = output.split('\n').map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['AWS_REGION', 'HOME', 'LANG', 'PATH']);
  });

  it('ends with aiplat when it must not go on alone', async () => {
    expect(isAlive(await orphaned({ endsWithUs: true }))).toBe(false);
    const other = await orphaned({});
    expect(isAlive(other)).toBe(true);
    process.kill(other);
  });

  it.each([{}, { endsWithUs: true }])(
    'that is not installed is named, with what installs it (%j)',
    async (manner) => {
      await expect(realCommands.run('no-such-program', [], undefined, manner)).rejects.toMatchObject({
        exitCode: 3,
        fix: 'Install it: apt-get install no-such-program',
      });
    },
  );

  it('that ends with 127 by itself is not taken for a missing one', async () => {
    const { exitCode } = await realCommands.run('sh', ['-c', 'exit 127']);
    expect(exitCode).toBe(127);
  });
});
