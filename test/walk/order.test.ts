import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { defineService } from '../../src/catalog/define.ts';
import { apply, type Outcome } from '../../src/stack/apply.ts';
import { observe } from '../../src/stack/observe.ts';
import { planDeploy } from '../../src/stack/plan.ts';
import { describeStack, type Stack } from '../../src/stack/stack.ts';
import { watchHealth } from '../../src/stack/wait.ts';
import { LABEL } from '../../src/tenant/names.ts';
import { parseSettings } from '../../src/tenant/settings.ts';
import { FakeHost } from '../fake/fake-host.ts';
import { KEYS, sampleEnv, TENANT } from '../unit/sample.ts';

const START_MS = 5_000;

const service = (name: string, ...dependsOn: string[]) =>
  defineService({
    name,
    title: name,
    summary: name,
    presets: [],
    sources: { official: { image: `docker.io/library/${name}:1` } },
    user: 'tenant',
    mounts: [{ path: '/data', dir: name }],
    dependsOn,
    health: { test: ['CMD', 'true'], startPeriodMs: 10_000 },
    limits: { memoryMb: 64, cpus: 1, pids: 64 },
    licence: 'MIT',
  });

/** app needs db and queue, worker needs app; alone needs nobody. */
const catalog: Catalog = new Map(
  [
    service('worker', 'app'),
    service('app', 'db', 'queue'),
    service('db'),
    service('queue'),
    service('alone'),
  ].map((entry) => [entry.name, entry]),
);

function stackOf(names: readonly string[]): Stack {
  const settings = parseSettings({ path: '.env', text: sampleEnv() }, TENANT, KEYS);
  return describeStack({
    tenant: TENANT,
    settings: { ...settings, services: names, vectorDb: 'none' },
    catalog,
    source: 'official',
    embeddedImages: new Map(),
    templates: new Map(),
    hasStartInterval: true,
    kernel: '6.12.0',
    confinement: 'off',
    models: [],
    hasGpu: false,
    dataRoot: '/mnt',
    firewall: undefined,
    slice: {
      driver: 'systemd',
      parent: 'aiplat-1001.slice',
      directories: [],
      limits: { cpuWeight: 100, ioWeight: 100, memoryBytes: 1e9, pids: 100 },
    },
    renderedDir: '/state/rendered',
    version: '0.0.0',
  });
}

const silent = { started() {}, noted() {}, succeeded() {}, failed() {}, skipped() {} };

async function deployStack(host: FakeHost, stack: Stack): Promise<Outcome> {
  const steps = planDeploy(stack, await observe(host, stack), { only: undefined });
  const watch = watchHealth(host, { [LABEL.tenant]: TENANT.name }, 60_000);
  return apply(steps, { host, watch, wait: true }, silent);
}

function machine(): FakeHost {
  const host = new FakeHost();
  for (const name of catalog.keys()) {
    host.docker.containers.behaviours.set(name, { kind: 'healthy', afterMs: START_MS });
  }
  return host;
}

const startOf = (host: FakeHost, name: string): number =>
  host.docker.containers.named(`tenant-1001-${name}`)?.startedAt ?? Number.NaN;

const PAIRS = [
  ['app', 'db'],
  ['app', 'queue'],
  ['worker', 'app'],
] as const;

describe('services that need others', () => {
  it('bring them along, and start when those are healthy', async () => {
    const host = machine();
    const { failed } = await deployStack(host, stackOf(['worker']));
    expect(failed).toEqual([]);
    for (const [client, server] of PAIRS) {
      expect(startOf(host, client), `${client} after ${server}`).toBeGreaterThanOrEqual(
        startOf(host, server) + START_MS,
      );
    }
  });

  it('wait for nobody else: what is independent starts side by side', async () => {
    const host = machine();
    await deployStack(host, stackOf(['worker', 'alone']));
    const starts = ['db', 'queue', 'alone'].map((name) => startOf(host, name));
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(START_MS);
  });

  it('are left out when one of those fails, and the rest goes on', async () => {
    const host = machine();
    host.docker.containers.behaviours.set('db', { kind: 'exits', exitCode: 1, log: 'no' });
    const { failed, skipped, done } = await deployStack(host, stackOf(['worker', 'alone']));
    expect(failed.map(({ step }) => step.target)).toEqual(['tenant-1001-db']);
    expect(skipped.map(({ target }) => target)).toEqual(['tenant-1001-worker', 'tenant-1001-app']);
    expect(done.map(({ target }) => target)).toEqual(
      expect.arrayContaining(['tenant-1001-queue', 'tenant-1001-alone']),
    );
    expect(host.docker.containers.named('tenant-1001-app')).toBeUndefined();
  });

  it('stay left out as long as one of those is ill', async () => {
    const host = machine();
    host.docker.containers.behaviours.set('queue', { kind: 'exits', exitCode: 1, log: 'no' });
    await deployStack(host, stackOf(['worker']));
    await deployStack(host, stackOf(['worker']));
    expect(host.docker.containers.named('tenant-1001-app')).toBeUndefined();
  });

  it('are started by the next deploy when that one is well again', async () => {
    const host = machine();
    host.docker.containers.behaviours.set('queue', { kind: 'exits', exitCode: 1, log: 'no' });
    await deployStack(host, stackOf(['worker']));
    const queue = host.docker.containers.named('tenant-1001-queue');
    if (queue !== undefined) queue.behaviour = { kind: 'healthy', afterMs: 0 };
    expect((await deployStack(host, stackOf(['worker']))).failed).toEqual([]);
    expect((await deployStack(host, stackOf(['worker']))).done).toEqual([]);
  });

  it('start after those are healthy when a deploy was killed while those were starting', async () => {
    const stack = stackOf(['worker']);
    const starts = await undisturbedStarts(stack);
    for (const [client, server] of PAIRS) {
      const host = machine();
      host.killAt(starts.get(server) ?? 0, 'after');
      await deployStack(host, stack).catch(() => undefined);
      host.startProcess();
      expect((await deployStack(host, stack)).failed).toEqual([]);
      expect(startOf(host, client), `${client} after ${server}`).toBeGreaterThanOrEqual(
        startOf(host, server) + START_MS,
      );
    }
  });
});

/** Service → the number of the change with which a first deploy starts it. */
async function undisturbedStarts(stack: Stack): Promise<Map<string, number>> {
  const host = machine();
  await deployStack(host, stack);
  return new Map(
    host.changes.flatMap((change, at) => {
      const name = /^start tenant-1001-(.+)$/.exec(change)?.[1];
      return name === undefined ? [] : [[name, at + 1]];
    }),
  );
}
