import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type RestartOptions, restart } from '../../src/commands/ops/restart.ts';
import { deployedMachine, deployOf, setUpMachine, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const restartOf =
  (services: readonly string[] = [], options: Partial<RestartOptions> = {}) =>
  (context: Context): Promise<void> =>
    restart(context, services, { tenant: TENANT, timeout: 300, ...options });

describe('aiplat ops restart', () => {
  it('restarts the named service alone, and leaves its container as it is', async () => {
    const host = await deployedMachine();
    const id = host.docker.containers.named('tenant-1001-valkey')?.id;
    const { changes, out } = await succeed(host, restartOf(['valkey']));
    expect(changes).toEqual(['stop tenant-1001-valkey', 'start tenant-1001-valkey']);
    expect(host.docker.containers.named('tenant-1001-valkey')).toMatchObject({ id, state: 'running' });
    expect(out).toContain('tenant-1001 restarted valkey.');
  });

  it('restarts all when none is named', async () => {
    const host = await deployedMachine();
    const { changes } = await succeed(host, restartOf());
    expect([...changes].sort()).toEqual(
      [
        'caddy-tenant-1001',
        'tenant-1001-chroma',
        'tenant-1001-n8n',
        'tenant-1001-prometheus',
        'tenant-1001-valkey',
      ]
        .flatMap((name) => [`start ${name}`, `stop ${name}`])
        .sort(),
    );
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('starts one that was stopped by hand', async () => {
    const host = await deployedMachine();
    const valkey = host.docker.containers.named('tenant-1001-valkey');
    await host.docker.stopContainer(valkey?.id ?? '');
    expect((await succeed(host, restartOf(['valkey']))).changes).toEqual(['start tenant-1001-valkey']);
  });

  it('waits until all are healthy, and says when one is not: exit 4', async () => {
    const host = await deployedMachine();
    host.docker.containers.behaviours.set('n8n', { kind: 'never healthy', log: '' });
    const { exit, err } = await runCommand(host, restartOf(['n8n']));
    expect([exit, err]).toEqual([4, expect.stringContaining('tenant-1001-n8n')]);
  });

  it.each([
    ['a service that the stack does not have', ['grafana'], 2],
    ['anything on a tenant that was never deployed', [], 3],
  ])('refuses %s, and nothing is touched', async (_, services, code) => {
    const host = await setUpMachine();
    const { exit, changes } = await runCommand(host, restartOf(services));
    expect([exit, changes]).toEqual([code, []]);
  });

  it('shows the plan and does nothing with --dry-run', async () => {
    const host = await deployedMachine();
    const { changes, out } = await succeed(host, restartOf(['n8n'], { dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/stop container +tenant-1001-n8n +asked for/);
  });
});
