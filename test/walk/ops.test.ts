import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type LogsOptions, logs } from '../../src/commands/ops/logs.ts';
import { type StatusOptions, status } from '../../src/commands/ops/status.ts';
import type { Behaviour } from '../fake/fake-container.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, deployOf, freshMachine, setUpMachine, succeed, TENANT } from '../fake/machines.ts';
import { CONFIG_PATH, runCommand } from '../fake/process.ts';

type Work = (context: Context) => Promise<void>;

const statusOf =
  (options: StatusOptions = {}): Work =>
  (context) =>
    status(context, { tenant: TENANT, ...options });

const logsOf =
  (service: string, options: LogsOptions = {}): Work =>
  (context) =>
    logs(
      context,
      service === '' ? [] : [service],
      { tenant: TENANT, ...options },
      new AbortController().signal,
    );

interface Row {
  readonly service: string;
  readonly state: string;
  readonly health: string;
  readonly isWell: boolean;
  readonly address?: string;
}

const rowsIn = (out: string): Row[] => (JSON.parse(out) as { services: Row[] }).services;
const rowOf = (out: string, service: string): Row | undefined =>
  rowsIn(out).find((row) => row.service === service);

const befall = (host: FakeHost, name: string, behaviour: Behaviour): void => {
  const container = host.docker.containers.named(name);
  if (container === undefined) throw new Error(`no ${name}`);
  container.behaviour = behaviour;
};

/** Longer than a first start may take. */
const PATIENCE_MS = 600_000;

const hold = (host: FakeHost): void => {
  host.locks.forget = () => undefined;
  const holder = { pid: 77, command: 'aiplat deploy', user: '0', since: '2027-01-01T00:00:00.000Z' };
  host.locks.held.set('/run/aiplat/locks/tenant-1001.lock', holder);
};

describe('a deploy with nothing to do', () => {
  it('gives an unhealthy service one more health check, and then says the truth: exit 4', async () => {
    const host = await deployedMachine();
    befall(host, 'tenant-1001-n8n', { kind: 'never healthy', log: '' });
    await host.clock.elapse(PATIENCE_MS);
    const begin = host.clock.now().getTime();
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([4, expect.stringContaining('1 of 5 services is not healthy')]);
    expect(host.clock.now().getTime() - begin).toBeGreaterThan(30_000);
  });
});

describe('the status', () => {
  it('of a stack that is well has a line for each service, with its address: exit 0', async () => {
    const host = await deployedMachine();
    const { out, changes } = await succeed(host, statusOf());
    const [head, ...lines] = out.trimEnd().split('\n');
    expect(lines.pop()).toBe('together: 244 MiB of 8192 MiB, 12 of 4096 processes');
    expect(head).toMatch(/^service +state +health +confined +uptime +cpu +memory +address +image$/);
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'caddy',
      'prometheus',
      'n8n',
      'chroma',
      'valkey',
    ]);
    expect(lines[2]).toMatch(
      /running +healthy .* 50\.0 % +61 MiB +https:\/\/n8n\.tenant-1001\.datasquiz\.net:5043 /,
    );
    expect(changes).toEqual([]);
  });

  it.each<[string, (host: FakeHost) => void, Partial<Row>]>([
    [
      'never answers',
      (host) => befall(host, 'tenant-1001-n8n', { kind: 'never healthy', log: '' }),
      { state: 'running', health: 'unhealthy' },
    ],
    [
      'ends over and over',
      (host) => befall(host, 'tenant-1001-n8n', { kind: 'exits', exitCode: 1, log: '' }),
      { state: 'restarting' },
    ],
    [
      'was stopped',
      (host) => {
        for (const one of host.docker.containers.all)
          if (one.name === 'tenant-1001-n8n') one.state = 'exited';
      },
      { state: 'exited' },
    ],
    [
      'was removed',
      ({ docker }) => {
        docker.containers.all = docker.containers.all.filter(({ name }) => name !== 'tenant-1001-n8n');
      },
      { state: 'missing', health: 'none' },
    ],
  ])(
    'with a service that %s ends with exit 4, names it, and still shows all',
    async (_title, trouble, row) => {
      const host = await deployedMachine();
      trouble(host);
      await host.clock.elapse(PATIENCE_MS);
      const plain = await runCommand(host, statusOf());
      expect([plain.exit, plain.err]).toEqual([4, expect.stringContaining('1 of 5 services is not healthy')]);
      expect(plain.err).toContain('aiplat ops logs n8n --tenant tenant-1001');
      const { out, exit } = await runCommand(host, statusOf(), { json: true });
      expect(exit).toBe(4);
      expect(rowOf(out, 'n8n')).toMatchObject({ ...row, isWell: false });
      expect(rowsIn(out).filter(({ isWell }) => isWell)).toHaveLength(4);
      expect(JSON.parse(out)).toMatchObject({ tenant: TENANT, error: { exitCode: 4 } });
    },
  );

  it('of a stack that was never deployed says how to start it: exit 4', async () => {
    const { exit, err, out } = await runCommand(await setUpMachine(), statusOf());
    expect([exit, err]).toEqual([4, expect.stringContaining('aiplat deploy --tenant tenant-1001')]);
    expect(out).toContain('missing');
  });

  it('of a tenant that was never set up says so: exit 3', async () => {
    const { exit, err } = await runCommand(freshMachine(), statusOf());
    expect([exit, err]).toEqual([3, expect.stringContaining('aiplat setup --tenant tenant-1001')]);
  });

  it('waits for nobody: a deploy may hold the tenant', async () => {
    const host = await deployedMachine();
    hold(host);
    expect((await runCommand(host, statusOf())).exit).toBe(0);
  });

  it('says each time that a host goes without AppArmor, and only then', async () => {
    const host = await deployedMachine();
    expect((await succeed(host, statusOf())).err).toBe('');
    host.files.put(CONFIG_PATH, { text: '{"confinement": "off"}' });
    expect((await succeed(host, statusOf())).err).toContain('AppArmor is off on this host');
    expect(JSON.parse((await runCommand(host, statusOf(), { json: true })).out).confinement).toBe('off');
  });

  it('shows containers of the tenant that its .env does not ask for', async () => {
    const host = await deployedMachine();
    const spec = host.docker.containers.named('tenant-1001-valkey')?.spec;
    if (spec === undefined) throw new Error('no valkey');
    const labels = { 'aiplat.tenant': TENANT, 'aiplat.service': 'llamacpp' };
    const profile = 'ai-platform-1001-llamacpp';
    host.apparmor.profiles?.set(profile, 'enforce');
    host.docker.containers.put({ ...spec, name: 'tenant-1001-llamacpp', labels, ports: [], profile });
    const { out } = await runCommand(host, statusOf(), { json: true });
    expect(rowOf(out, 'llamacpp')).toMatchObject({ state: 'running', isWell: true });
  });

  it('is no watch and one document at a time: exit 2', async () => {
    const { exit } = await runCommand(await deployedMachine(), statusOf({ watch: true }), { json: true });
    expect(exit).toBe(2);
  });
});

describe('the log', () => {
  it('of a service goes to stdout as it is', async () => {
    const { out, err, changes } = await succeed(await deployedMachine(), logsOf('n8n'));
    expect({ out, err, changes }).toEqual({ out: 'ready\n', err: '', changes: [] });
  });

  it('moves no cursor of a person who reads it, and is left as it is for a program', async () => {
    const host = await deployedMachine();
    const spec = host.docker.containers.named('tenant-1001-n8n')?.spec;
    if (spec === undefined) throw new Error('no n8n');
    const hostile = host.docker.containers.put({ ...spec, name: 'tenant-1001-n8n.failed' }, 'exited');
    hostile.behaviour = { kind: 'exits', exitCode: 1, log: '\u001b[31mred\u001b[0m \u001b]0;title\u0007' };
    const read = (isForPerson: boolean) =>
      runCommand(host, logsOf('tenant-1001-n8n.failed'), { isForPerson });
    expect((await read(true)).out).toBe('\u001b[31mred\u001b[0m \\u001b]0;title\\u0007\n');
    expect((await read(false)).out).toBe('\u001b[31mred\u001b[0m \u001b]0;title\u0007\n');
  });

  it('is one document with --json', async () => {
    const { out } = await runCommand(await deployedMachine(), logsOf('n8n'), { json: true });
    const time = expect.stringMatching(/^20\d\d-.*Z$/);
    expect(JSON.parse(out)).toEqual({ tenant: TENANT, lines: [{ service: 'n8n', time, text: 'ready' }] });
  });

  it('of all services is in the order of time, each line behind its service', async () => {
    const host = await deployedMachine();
    const of = (name: string) => host.docker.containers.named(name);
    for (const [name, startedAt] of [
      ['tenant-1001-n8n', 3],
      ['caddy-tenant-1001', 1],
      ['tenant-1001-valkey', 2],
    ] as const) {
      const container = of(name);
      if (container !== undefined) container.startedAt = startedAt;
    }
    const { out } = await succeed(host, logsOf(''));
    expect(out).toMatch(/^caddy \| ready\nvalkey \| ready\nn8n \| ready\n/);
    expect(out.split('\n')).toHaveLength(6);
  });

  it('can be searched, and followed while it is searched', async () => {
    const host = await deployedMachine();
    expect((await succeed(host, logsOf('', { grep: 'READY', tail: 2 }))).out.split('\n')).toHaveLength(3);
    expect((await succeed(host, logsOf('n8n', { grep: 'printer' }))).out).toBe('');
    expect((await succeed(host, logsOf('n8n', { grep: 'read', follow: true }))).out).toBe('ready\n');
  });

  it('of a version that failed is to be had by the name of its container', async () => {
    const host = await deployedMachine();
    const spec = host.docker.containers.named('tenant-1001-n8n')?.spec;
    if (spec === undefined) throw new Error('no n8n');
    const failed = host.docker.containers.put({ ...spec, name: 'tenant-1001-n8n.failed' }, 'exited');
    failed.behaviour = { kind: 'exits', exitCode: 1, log: 'out of paper' };
    expect((await succeed(host, logsOf('tenant-1001-n8n.failed'))).out).toBe('out of paper\n');
    expect((await succeed(host, logsOf('n8n'))).out).toBe('ready\n');
  });

  it.each<[string, () => Promise<FakeHost>, Work, RegExp]>([
    [
      'a service that does not run',
      deployedMachine,
      logsOf('grafana'),
      /runs no service "grafana"[\s\S]*caddy, chroma/,
    ],
    ['a tenant that runs nothing', setUpMachine, logsOf('n8n'), /nothing at all[\s\S]*aiplat deploy/],
    ['a tenant that runs nothing, when none is named', setUpMachine, logsOf(''), /runs no service/],
    ['a time that is none', deployedMachine, logsOf('n8n', { since: 'tea time' }), /"tea time" is no time/],
    [
      "another tenant's container",
      deployedMachine,
      logsOf('tenant-1002-n8n'),
      /runs no service "tenant-1002-n8n"/,
    ],
  ])('of %s is refused: exit 2', async (_title, machine, work, says) => {
    const ended = await runCommand(await machine(), work);
    expect([ended.exit, ended.err, ended.out]).toEqual([2, expect.stringMatching(says), '']);
  });
});
