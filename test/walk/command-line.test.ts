import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { buildProgram } from '../../src/commands/program.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, ENV_PATH, freshMachine, setUpMachine } from '../fake/machines.ts';
import { type CallerOptions, type Ended, runCommand } from '../fake/process.ts';

/** Types a whole command line, options and all. */
async function type(host: FakeHost, line: string, caller: CallerOptions = {}): Promise<Ended> {
  const typed: { work: (context: Context) => Promise<void>; json: boolean }[] = [];
  const program = buildProgram('1.2.3', async (work, json) => {
    typed.push({ work: (context) => work(context, new AbortController().signal), json });
  });
  await program.parseAsync(line.split(' '), { from: 'user' });
  const [command] = typed;
  if (command === undefined) throw new Error(`${line} runs nothing`);
  return runCommand(host, command.work, { ...caller, json: command.json });
}

const T = '--tenant tenant-1001';

describe('a command line', () => {
  it('goes from a bare machine to a stack that runs, and back', async () => {
    const host = freshMachine();
    const lines = [
      `setup ${T} --services caddy,n8n --vector-db chroma --domain ai.example.org`,
      `deploy ${T} --timeout 60`,
      `ops status ${T}`,
      `ops logs n8n ${T} --tail 5 --since 10m`,
      `teardown ${T}`,
    ];
    for (const line of lines) {
      const { exit, err } = await type(host, line);
      expect([line, exit, err]).toEqual([line, 0, expect.any(String)]);
    }
    expect(host.docker.containers.all).toEqual([]);
    expect(host.files.text(ENV_PATH)).toContain('DOMAIN_NAME=ai.example.org');
  });

  it.each(['deploy --plan', 'deploy --dry-run', 'setup --services caddy --dry-run', 'teardown --dry-run'])(
    'with %s changes nothing',
    async (line) => {
      const { exit, changes, out } = await type(await setUpMachine(), `${line} ${T}`);
      expect([exit, changes, out]).toEqual([
        0,
        [],
        expect.stringMatching(/nothing was changed|Nothing to do/),
      ]);
    },
  );

  it('with --no-wait starts the containers and does not ask how they are', async () => {
    const host = await setUpMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'never healthy', log: '' });
    expect((await type(host, `deploy ${T} --no-wait`)).exit).toBe(0);
    expect(host.docker.containers.all.map(({ state }) => state)).toEqual(Array(5).fill('running'));
  });

  it('with --timeout waits so long for each service, and no longer: exit 4', async () => {
    const host = await setUpMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'healthy', afterMs: 30_000 });
    const before = host.clock.now().getTime();
    const { exit, err } = await type(host, `deploy ${T} --timeout 5`);
    expect([exit, err]).toEqual([4, expect.stringContaining('It was not healthy after 5 s')]);
    expect(host.clock.now().getTime() - before).toBeLessThan(12_000);
  });

  it('without --tenant means the directory that an admin stands in', async () => {
    const host = freshMachine();
    const { exit } = await type(host, 'setup', { cwd: '/mnt/data-tenant-1001/config' });
    expect([exit, host.files.text(ENV_PATH)]).toEqual([
      0,
      expect.stringContaining('TENANT_NAME=tenant-1001'),
    ]);
  });

  it('without --tenant means the own stack of a tenant', async () => {
    const host = freshMachine();
    const { exit } = await type(host, 'setup', { sudoUid: 1001, cwd: '/mnt/data-tenant-1002' });
    expect([exit, host.files.text(ENV_PATH)]).toEqual([
      0,
      expect.stringContaining('TENANT_NAME=tenant-1001'),
    ]);
  });

  it('without --tenant is refused to root where no tenant is meant: exit 2', async () => {
    const { exit, changes } = await type(freshMachine(), 'setup', { cwd: '/root' });
    expect([exit, changes]).toEqual([2, []]);
  });

  it('of an admin may name any tenant, and of a tenant no other one', async () => {
    const admin = freshMachine();
    admin.accounts.all.push({ name: 'admin', uid: 1500, gid: 1500 });
    admin.accounts.groups.set('aiplat-admin', new Set(['admin']));
    expect((await type(admin, `setup ${T}`, { sudoUid: 1500 })).exit).toBe(0);
    const { exit, changes } = await type(freshMachine(), `setup ${T}`, { sudoUid: 1002 });
    expect([exit, changes]).toEqual([2, []]);
  });
});

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
