import { describe, expect, it } from 'vitest';
import { credentials } from '../../src/commands/ops/credentials.ts';
import { logs } from '../../src/commands/ops/logs.ts';
import { status } from '../../src/commands/ops/status.ts';
import { backupOf, dataMachine, dataText, putData, restoreOf } from '../fake/backups.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployOf, editEnv, freshMachine, setupOf, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const PARTS = [
  'dify',
  'dify-api',
  'dify-plugin-daemon',
  'dify-ssrf-proxy',
  'dify-worker',
  'dify-worker-beat',
] as const;

const running = (host: FakeHost): string[] =>
  host.docker.containers.all
    .filter(({ state }) => state === 'running')
    .map(({ spec }) => spec.hostname)
    .sort();

async function difyMachine(): Promise<FakeHost> {
  const host = freshMachine();
  await succeed(host, setupOf({ services: ['caddy', 'dify'], vectorDb: 'pgvector' }));
  await succeed(host, deployOf());
  return host;
}

const stop = (host: FakeHost, service: string): void => {
  const container = host.docker.containers.named(`${TENANT}-${service}`);
  if (container === undefined) throw new Error(`no ${service}`);
  container.state = 'exited';
};

describe('a service in parts', () => {
  it('runs with all of them and what they need, and none is left when it is switched off', async () => {
    const host = await difyMachine();
    expect(running(host)).toEqual(['caddy', ...PARTS, 'postgres', 'valkey']);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
    await succeed(host, setupOf({ services: ['caddy'] }));
    await succeed(host, deployOf());
    expect(running(host)).toEqual(['caddy', 'postgres']);
  });

  it('is chosen as a whole: no part stands in SERVICES', async () => {
    const host = await difyMachine();
    const set = await runCommand(host, setupOf({ services: ['dify-worker'] }));
    expect([set.exit, set.err]).toEqual([2, expect.stringContaining('no service "dify-worker"')]);
    editEnv(host, { SERVICES: 'caddy,dify-api' });
    const deployed = await runCommand(host, deployOf());
    expect([deployed.exit, deployed.err]).toEqual([2, expect.stringContaining('SERVICES = caddy,dify-api')]);
    expect(deployed.changes).toEqual([]);
  });

  it('is started by its name as a whole, or by that of a part', async () => {
    const host = await difyMachine();
    for (const part of ['dify-worker', 'dify-ssrf-proxy', 'valkey']) stop(host, part);
    await succeed(host, deployOf({ only: ['dify-worker'] }));
    expect(running(host)).not.toContain('dify-ssrf-proxy');
    const { out } = await succeed(host, deployOf({ only: ['dify'] }));
    expect(out).toContain('tenant-1001 runs dify.');
    expect(running(host)).toEqual(['caddy', ...PARTS, 'postgres']);
  });

  it('is not well when one part is not', async () => {
    const host = await difyMachine();
    host.docker.containers.behaviours.set('dify-worker', { kind: 'exits', exitCode: 1, log: 'broken' });
    editEnv(host, { DIFY_PLUGIN_DAEMON_KEY: 'another-key-of-the-daemon' });
    const { exit, err } = await runCommand(host, deployOf({ only: ['dify'] }));
    expect([exit, err]).toEqual([4, expect.stringContaining('dify-worker')]);
  });

  it('has one row in status, with its parts below', async () => {
    const host = await difyMachine();
    stop(host, 'dify-worker');
    const { exit, out } = await runCommand(host, (context) => status(context, { tenant: TENANT }));
    expect(exit).toBe(4);
    const rows = out.split('\n').filter((line) => /^ *dify/.test(line));
    expect(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 2))).toEqual([
      ['dify', '5 of 6 run'],
      ...['dify', 'dify-api', 'dify-worker', 'dify-worker-beat', 'dify-plugin-daemon', 'dify-ssrf-proxy'].map(
        (part) => [part, part === 'dify-worker' ? 'exited' : 'running'],
      ),
    ]);
    expect(rows.slice(1).every((row) => row.startsWith('  '))).toBe(true);
  });

  it('shows the logs of all, each line with its part, and of one alone', async () => {
    const host = await difyMachine();
    const logsOf = (service: string) =>
      succeed(host, (context) => logs(context, [service], { tenant: TENANT }, new AbortController().signal));
    const all = (await logsOf('dify')).out;
    for (const part of PARTS) expect(all).toMatch(new RegExp(`^${part} \\| `, 'm'));
    expect(all).not.toContain('valkey |');
    expect((await logsOf('dify-worker')).out).not.toContain('|');
  });

  it('shows the credentials of all', async () => {
    const host = await difyMachine();
    const { out } = await succeed(host, (context) =>
      credentials(context, { tenant: TENANT, service: 'dify' }),
    );
    expect(out).toMatch(/^dify-api +password of the first page +\S{24}$/m);
    expect(out).not.toMatch(/^valkey/m);
  });

  it('is saved, and brought back, as one: every part stops while its data is replaced', async () => {
    const host = await dataMachine();
    await succeed(host, setupOf({ services: ['caddy', 'dify', 'n8n', 'prometheus', 'valkey'] }));
    await succeed(host, deployOf());
    putData(host, 'dify/upload', 'paper');
    putData(host, 'dify-plugins/plugin', 'ollama');
    await succeed(host, backupOf());
    for (const path of ['dify/upload', 'dify-plugins/plugin', 'n8n/database.sqlite'])
      putData(host, path, 'spoilt');
    const ids = new Map(host.docker.containers.all.map(({ id, spec }) => [spec.hostname, id]));
    await succeed(host, restoreOf('latest', { service: 'dify' }));
    expect(dataText(host, 'dify/upload')).toBe('paper');
    expect(dataText(host, 'dify-plugins/plugin')).toBe('ollama');
    expect(dataText(host, 'n8n/database.sqlite')).toBe('spoilt');
    const replaced = host.docker.containers.all
      .filter(({ id, spec }) => ids.get(spec.hostname) !== id)
      .map(({ spec }) => spec.hostname);
    expect(replaced.sort()).toEqual([...PARTS]);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });
});
