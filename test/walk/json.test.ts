import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { buildProgram } from '../../src/commands/program.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, setUpMachine } from '../fake/machines.ts';
import { type Ended, runCommand } from '../fake/process.ts';

/** Types a whole command line, options and all. */
async function type(host: FakeHost, line: string): Promise<Ended> {
  const typed: { work: (context: Context) => Promise<void>; json: boolean }[] = [];
  const program = buildProgram('1.2.3', async (work, json) => {
    typed.push({ work: (context) => work(context, new AbortController().signal), json });
  });
  await program.parseAsync(line.split(' '), { from: 'user' });
  const [command] = typed;
  if (command === undefined) throw new Error(`${line} runs nothing`);
  return runCommand(host, command.work, { json: command.json });
}

const T = '--tenant tenant-1001';

describe('--json', () => {
  it.each([
    [`setup ${T}`, 0],
    [`setup ${T} --preset huge`, 2],
    [`setup ${T} --dry-run`, 0],
    [`deploy ${T}`, 0],
    [`deploy ${T} --dry-run`, 0],
    [`deploy ${T} --only grafana`, 2],
    [`deploy --tenant nobody`, 2],
    [`ops status ${T}`, 0],
    [`ops logs n8n ${T}`, 0],
    [`ops logs grafana ${T}`, 2],
    [`teardown ${T} --delete-data`, 2],
    [`teardown ${T} --release-volume`, 2],
    [`teardown ${T} --dry-run`, 0],
    [`teardown ${T}`, 0],
  ])('makes of %s one JSON document on stdout, with the exit code %i', async (line, code) => {
    const { exit, out } = await type(await deployedMachine(), `${line} --json`);
    expect(exit).toBe(code);
    const document = JSON.parse(out) as { error?: Record<string, unknown> };
    if (code === 0) expect(document.error).toBeUndefined();
    else {
      const text = expect.stringMatching(/\S/);
      expect(document.error).toEqual({ what: text, why: text, fix: text, exitCode: code });
    }
  });

  it('says also what a deploy that failed had planned and why it stopped', async () => {
    const host = await setUpMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
    const { exit, out } = await type(host, `deploy ${T} --json`);
    expect(exit).toBe(4);
    expect(JSON.parse(out)).toMatchObject({
      plan: expect.arrayContaining([{ do: 'create container', target: 'tenant-1001-n8n', why: 'not found' }]),
      error: { exitCode: 4, why: expect.stringContaining('broken') },
    });
  });
});
