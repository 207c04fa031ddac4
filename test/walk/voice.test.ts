import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { buildImages, listImages } from '../../src/commands/host/images.ts';
import { logs } from '../../src/commands/ops/logs.ts';
import { status } from '../../src/commands/ops/status.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  deployedMachine,
  deployOf,
  ENV_PATH,
  embeddedMachine,
  freshMachine,
  setUpMachine,
  setupOf,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { CONFIG_PATH, runCommand } from '../fake/process.ts';

type Work = (context: Context) => Promise<void>;

const signal = new AbortController().signal;
const statusOf: Work = (context) => status(context, { tenant: TENANT });
const logsOf: Work = (context) => logs(context, ['n8n'], { tenant: TENANT }, signal);
const buildOf =
  (dryRun: boolean): Work =>
  (context) =>
    buildImages(context, ['caddy'], { dryRun });

const ESCAPE = '\u001b';

interface Case {
  readonly what: string;
  readonly machine: () => FakeHost | Promise<FakeHost>;
  readonly work: Work;
  /** What the document holds beyond an error. */
  readonly holds: object;
}

const cases: readonly Case[] = [
  {
    what: 'a setup',
    machine: () => freshMachine(),
    work: setupOf(),
    holds: { tenant: TENANT, uid: 1001, portBlock: { first: 5000, last: 5099 }, movedPorts: [] },
  },
  {
    what: 'a dry setup',
    machine: () => freshMachine(),
    work: setupOf({ dryRun: true }),
    holds: { uid: 1001 },
  },
  { what: 'a deploy', machine: setUpMachine, work: deployOf(), holds: { tenant: TENANT, changed: 27 } },
  {
    what: 'a deploy that has nothing to do',
    machine: deployedMachine,
    work: deployOf(),
    holds: { tenant: TENANT, changed: 0, plan: [] },
  },
  { what: 'a dry deploy', machine: setUpMachine, work: deployOf({ dryRun: true }), holds: { changed: 0 } },
  { what: 'a teardown', machine: deployedMachine, work: teardownOf(), holds: { tenant: TENANT } },
  {
    what: 'a dry teardown',
    machine: deployedMachine,
    work: teardownOf({ dryRun: true }),
    holds: { changed: 0 },
  },
  { what: 'a status', machine: deployedMachine, work: statusOf, holds: { services: expect.any(Array) } },
  {
    what: 'a log',
    machine: deployedMachine,
    work: logsOf,
    holds: { lines: [expect.objectContaining({ text: 'ready' })] },
  },
  {
    what: 'a build',
    machine: () => freshMachine(),
    work: buildOf(false),
    holds: { changed: expect.any(Number) },
  },
  {
    what: 'a dry build',
    machine: () => freshMachine(),
    work: buildOf(true),
    holds: { plan: expect.any(Array) },
  },
  {
    what: 'a list of images',
    machine: embeddedMachine,
    work: listImages,
    holds: { images: expect.any(Array) },
  },
];

describe.each(cases)('$what', ({ machine, work, holds }) => {
  it('with --json is one document on stdout: exit 0', async () => {
    const { out, exit } = await runCommand(await machine(), work, { json: true });
    const document: unknown = JSON.parse(out);
    expect([exit, document]).toEqual([0, expect.objectContaining(holds)]);
    expect(document).not.toHaveProperty('error');
  });

  it('without a terminal is plain text: no colour, nothing that moves, no spaces at the end of a line', async () => {
    const { out, err } = await runCommand(await machine(), work);
    for (const letter of [ESCAPE, '\r']) expect(`${out}${err}`).not.toContain(letter);
    expect(out.split('\n').filter((line) => /\s$/.test(line))).toEqual([]);
    expect(out === '' || out.endsWith('\n')).toBe(true);
  });

  it('that is refused is one document too, with what, why and fix', async () => {
    const host = await machine();
    host.files.put(CONFIG_PATH, { text: '{' });
    const refused = await runCommand(host, work, { json: true });
    expect([refused.exit, refused.changes]).toEqual([work === listImages ? 0 : 2, []]);
    if (work === listImages) return;
    const { error } = JSON.parse(refused.out) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ exitCode: 2, what: expect.stringMatching(/\.$/) });
    expect(Object.values(error).every((text) => text !== '')).toBe(true);
  });

  it('shows no secret', async () => {
    const host = await machine();
    for (const json of [true, false]) {
      const { out, err } = await runCommand(host, work, { json });
      const text = host.files.text(ENV_PATH) ?? '';
      const secrets = [...text.matchAll(/^\w+_(?:PASSWORD|KEY|TOKEN|SECRET|SECRETKEY)=(.+)$/gm)];
      for (const [, secret = ''] of secrets) expect(out + err).not.toContain(secret);
    }
  });
});

describe('a plan that is carried out', () => {
  it('is told on stderr, a line for each step with its reason, and the addresses are on stdout', async () => {
    const { out, err } = await runCommand(await setUpMachine(), deployOf());
    const { plan } = JSON.parse(
      (await runCommand(await setUpMachine(), deployOf({ dryRun: true }), { json: true })).out,
    ) as { plan: { do: string; target: string; why: string }[] };
    const told = err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ {2}\d+\.\d s$/, ''));
    expect(told.slice(0, 2)).toEqual([expect.stringMatching(/^memory: /), expect.stringMatching(/^disk: /)]);
    expect(told.slice(2).sort()).toEqual(
      plan.map((step) => `✔ ${step.do} ${step.target}  ${step.why}`).sort(),
    );
    expect(out).toContain('tenant-1001 runs 5 services.');
    expect(out).toContain('https://n8n.tenant-1001.datasquiz.net:5043');
  });

  it('of a service that is no longer looked after warns when it is switched on, and not again', async () => {
    const host = freshMachine();
    await runCommand(host, setupOf({ services: ['flowise'] }));
    expect((await runCommand(host, deployOf())).err).toContain('! Flowise was archived by its makers');
    expect((await runCommand(host, deployOf())).err).toBe('');
  });

  it('of a service that is switched off says so, and where its data is', async () => {
    const host = await deployedMachine();
    await runCommand(host, setupOf({ services: ['caddy', 'n8n'] }));
    const { err } = await runCommand(host, deployOf());
    for (const name of ['prometheus', 'valkey']) {
      expect(err).toContain(
        `✔ remove container tenant-1001-${name}  ${name} is switched off; its data stays in /mnt/data-tenant-1001/data`,
      );
    }
  });
});
