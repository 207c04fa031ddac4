import { describe, expect, it } from 'vitest';
import { lastWords } from '../../src/commands/last-words.ts';
import { engineRefuses } from '../fake/engine-link.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  buildOf,
  deployedMachine,
  deployOf,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';

const last = ({ journal }: FakeHost): Record<string, unknown> | undefined => journal.entries.at(-1);

/** The machine, with nothing in its journal yet. */
async function quiet(machine: FakeHost | Promise<FakeHost>): Promise<FakeHost> {
  const host = await machine;
  host.journal.lines.length = 0;
  return host;
}

describe('a command that changes something', () => {
  it('leaves a line that no letter of a tenant can make into something else on a terminal', async () => {
    const host = await quiet(setUpMachine());
    const commandLine = 'aiplat deploy \u001b[2J \u009b2J \u202e \n{"forged": true}';
    await runCommand(host, deployOf(), { commandLine });
    expect(host.journal.lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(host.journal.entries.map(({ command }) => command)).toEqual([commandLine]);
  });

  it('leaves one line that says when, who, what, on which tenant and how it ended', async () => {
    const host = await quiet(setUpMachine());
    const commandLine = 'aiplat deploy --tenant tenant-1001';
    host.accounts.all.push({ name: 'alice', uid: 2000, gid: 2000 });
    host.accounts.groups.set('aiplat-admin', new Set(['alice']));
    const { exit } = await runCommand(host, deployOf(), { sudoUid: 2000, commandLine });
    expect(exit).toBe(0);
    expect(host.journal.entries).toEqual([
      {
        began: expect.stringMatching(/^2027-01-01T00:00:.*Z$/),
        ended: expect.stringMatching(/^2027-01-01T00:00:.*Z$/),
        uid: 0,
        sudoUid: 2000,
        user: 'alice',
        pid: process.pid,
        command: commandLine,
        subject: TENANT,
        outcome: 'done',
        plan: expect.stringMatching(/^[0-9a-f]{64}$/),
        steps: 27,
        done: 27,
        version: '0.0.0',
      },
    ]);
  });

  it.each([
    ['a setup', () => freshMachine(), setupOf(), TENANT],
    ['a teardown', deployedMachine, teardownOf(), TENANT],
    ['a build', () => setUpMachine({ images: 'embedded' }), buildOf('caddy'), 'images'],
  ] as const)('(%s) leaves its line', async (_what, machine, work, subject) => {
    const host = await quiet(machine());
    await runCommand(host, work);
    expect(host.journal.entries).toEqual([expect.objectContaining({ subject, outcome: 'done' })]);
  });

  it('writes it where the host config says, for the admin group to read', async () => {
    const host = await quiet(setUpMachine({ logDir: '/srv/log', adminGroup: 'wheel' }));
    host.accounts.groups.set('wheel', new Set());
    await runCommand(host, deployOf());
    expect(host.journal.file).toEqual({ path: '/srv/log/audit.log', uid: 0, gid: 990 });
  });

  it('and stops part-way says with what, and how far it came', async () => {
    const host = await quiet(setUpMachine());
    host.startProcess();
    host.failAt(20, engineRefuses(500, 'no space left on device'));
    const { exit } = await goOn(host, deployOf());
    expect(exit).toBe(1);
    const { outcome, done, steps, error } = last(host) ?? {};
    expect([outcome, Number(done) < Number(steps)]).toEqual(['stopped', true]);
    expect(error).toContain(TENANT);
  });

  it('and ends with an ill service says unhealthy, without the log of the program', async () => {
    const host = await quiet(setUpMachine());
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'some words of n8n' });
    expect((await runCommand(host, deployOf())).exit).toBe(4);
    expect(last(host)).toMatchObject({ outcome: 'unhealthy', error: expect.stringContaining('n8n') });
    expect(host.journal.lines.join()).not.toContain('some words');
  });

  it('has the same plan hash as another that does the same', async () => {
    const hosts = await Promise.all([quiet(setUpMachine()), quiet(setUpMachine())]);
    for (const host of hosts) await runCommand(host, deployOf());
    expect(last(hosts[0])?.plan).toBe(last(hosts[1])?.plan);
  });
});

describe('a command that changes nothing', () => {
  it.each([
    ['a second deploy', deployedMachine, deployOf(), 0],
    ['a dry deploy', setUpMachine, deployOf({ dryRun: true }), 0],
    ['a deploy that is refused', setUpMachine, deployOf({ only: ['nonsense'] }), 2],
    ['a deploy without a setup', () => freshMachine(), deployOf(), 3],
  ] as const)('(%s) leaves no line', async (_what, machine, work, exit) => {
    const host = await quiet(machine());
    expect((await runCommand(host, work)).exit).toBe(exit);
    expect(host.journal.lines).toEqual([]);
  });
});

describe('a journal that takes no line', () => {
  it('keeps a change from beginning: exit 3', async () => {
    const host = await setUpMachine();
    host.journal.isFull = 'known';
    const { exit, changes, err } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('audit log');
  });

  it('keeps nobody from looking, nor from a deploy that has nothing to do', async () => {
    const host = await deployedMachine();
    host.journal.isFull = 'known';
    for (const work of [deployOf(), deployOf({ dryRun: true })])
      expect((await runCommand(host, work)).exit).toBe(0);
  });

  it('and was found out too late is said: exit 1 when all else went well', async () => {
    const host = await setUpMachine();
    host.journal.isFull = 'meanwhile';
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([1, expect.stringContaining('The audit log did not take its line.')]);
  });

  it('does not hide the trouble that the command had', async () => {
    const host = await setUpMachine();
    host.journal.isFull = 'meanwhile';
    host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
    const { exit, err } = await runCommand(host, deployOf());
    expect(exit).toBe(4);
    expect(err).toContain('! The audit log did not take its line.');
    expect(err).toContain('tenant-1001-n8n does not become healthy');
  });
});

describe('a signal', () => {
  it('in the middle of a change leaves the line of a command that was interrupted, and no second one', async () => {
    const host = await quiet(deployedMachine());
    editEnv(host, { N8N_PORT: '5050' });
    const words = lastWords();
    const stop = host.docker.stopContainer;
    host.docker.stopContainer = async (id) => {
      await words.say();
      return stop(id);
    };
    await runCommand(host, deployOf(), { lastWords: words });
    expect(host.journal.entries).toEqual([
      expect.objectContaining({ outcome: 'interrupted', subject: TENANT }),
    ]);
  });

  it('after the change has nothing to say any more', async () => {
    const host = await quiet(setUpMachine());
    const words = lastWords();
    await runCommand(host, deployOf(), { lastWords: words });
    await words.say();
    expect(host.journal.entries).toEqual([expect.objectContaining({ outcome: 'done' })]);
  });
});
