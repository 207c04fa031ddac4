import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type LogsOptions, logs } from '../../src/commands/ops/logs.ts';
import { type StatusOptions, status } from '../../src/commands/ops/status.ts';
import { deployedMachine, freshMachine, setUpMachine, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

type Work = (context: Context) => Promise<void>;

const statusOf =
  (options: StatusOptions = {}): Work =>
  (context) =>
    status(context, { tenant: TENANT, ...options });

const logsOf =
  (service: string, options: LogsOptions = {}): Work =>
  (context) =>
    logs(context, service, { tenant: TENANT, ...options }, new AbortController().signal);

describe('ops status', () => {
  it('shows every service of a stack that is well, with its address: exit 0', async () => {
    const host = await deployedMachine();
    const { out } = await succeed(host, statusOf());
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toMatch(/^service +state +health +uptime +cpu +memory +address +image$/);
    expect(rows.map((row) => row.split(/ +/).slice(0, 3).join(' '))).toEqual(
      ['caddy', 'prometheus', 'n8n', 'chroma', 'valkey'].map((name) => `${name} running healthy`),
    );
    expect(out).toContain('https://n8n.tenant-1001.datasquiz.net:5043');
  });

  it('says as JSON the same for a program', async () => {
    const host = await deployedMachine();
    const { out } = await runCommand(host, statusOf(), { json: true });
    const { services } = JSON.parse(out) as { services: Record<string, unknown>[] };
    expect(services).toHaveLength(5);
    expect(services[2]).toMatchObject({
      service: 'n8n',
      container: 'tenant-1001-n8n',
      state: 'running',
      health: 'healthy',
      cpus: 0.5,
      memoryBytes: 64e6,
      isWell: true,
    });
  });

  it.each([
    ['stopped', 'exited', { state: 'exited' as const }],
    ['is paused', 'paused', { state: 'paused' as const }],
    ['starts again and again', 'restarting', { behaviour: { kind: 'exits', exitCode: 1, log: '' } as const }],
    ['does not answer', 'unhealthy', { behaviour: { kind: 'never healthy', log: '' } as const }],
  ])('ends with exit 4 and names the service when one %s', async (_title, word, change) => {
    const host = await deployedMachine();
    const container = host.docker.containers.named('tenant-1001-chroma');
    if (container === undefined) throw new Error('no chroma');
    Object.assign(container, change);
    await host.clock.elapse(600_000);
    const { exit, err, changes } = await runCommand(host, statusOf());
    expect([exit, changes]).toEqual([4, []]);
    expect(err).toContain('1 of 5 services is not healthy');
    expect(err).toMatch(new RegExp(`chroma: .*${word}`));
    expect(err).toContain(`aiplat ops logs chroma --tenant ${TENANT}`);
  });

  it('shows a service that is missing, and what starts it: exit 4', async () => {
    const host = await setUpMachine();
    const { exit, err, out } = await runCommand(host, statusOf());
    expect([exit, out]).toEqual([4, expect.stringMatching(/n8n +missing/)]);
    expect(err).toContain(`aiplat deploy --tenant ${TENANT}`);
  });

  it('of a tenant that is not set up: exit 3', async () => {
    const { exit, err } = await runCommand(freshMachine(), statusOf());
    expect([exit, err]).toEqual([3, expect.stringContaining(`aiplat setup --tenant ${TENANT}`)]);
  });

  it('does not watch and print one JSON document at the same time: exit 2', async () => {
    const ended = await runCommand(await deployedMachine(), statusOf({ watch: true }), { json: true });
    expect(ended.exit).toBe(2);
    expect(JSON.parse(ended.out)).toMatchObject({ error: { exitCode: 2 } });
  });

  it('changes nothing', async () => {
    const host = await deployedMachine();
    const before = snapshot(host);
    const { changes } = await succeed(host, statusOf());
    expect([changes, snapshot(host)]).toEqual([[], before]);
  });
});

describe('ops logs', () => {
  it.each(['n8n', 'tenant-1001-n8n'])('shows what %s wrote, as it is', async (name) => {
    const { out, changes } = await succeed(await deployedMachine(), logsOf(name));
    expect([out, changes]).toEqual(['ready\n', []]);
  });

  it('says as JSON one line an entry', async () => {
    const { out } = await runCommand(await deployedMachine(), logsOf('n8n'), { json: true });
    expect(JSON.parse(out)).toEqual({ tenant: TENANT, service: 'n8n', lines: ['ready'] });
  });

  it('of a service that does not run names those that do: exit 2', async () => {
    const { exit, err } = await runCommand(await deployedMachine(), logsOf('grafana'));
    expect([exit, err]).toEqual([2, expect.stringContaining('caddy, chroma, n8n, prometheus, valkey')]);
  });

  it('of a tenant that runs nothing says how to start it: exit 2', async () => {
    const { exit, err } = await runCommand(await setUpMachine(), logsOf('n8n'));
    expect([exit, err]).toEqual([2, expect.stringContaining(`aiplat deploy --tenant ${TENANT}`)]);
  });

  it.each(['yesterday', '10', '-1m', '2026-13-40'])('since %s is refused: exit 2', async (since) => {
    const { exit, err } = await runCommand(await deployedMachine(), logsOf('n8n', { since }));
    expect([exit, err]).toEqual([2, expect.stringContaining('is no time')]);
  });

  it("of another tenant's service are refused to a tenant: exit 2", async () => {
    const { exit, out } = await runCommand(await deployedMachine(), logsOf('n8n'), { uid: 0, sudoUid: 1002 });
    expect([exit, out]).toEqual([2, '']);
  });

  it('of a service that is ill show why', async () => {
    const host = await deployedMachine();
    const container = host.docker.containers.named('tenant-1001-n8n');
    if (container) container.behaviour = { kind: 'exits', exitCode: 1, log: 'no such database' };
    expect((await succeed(host, logsOf('n8n'))).out).toBe('no such database\n');
  });
});
