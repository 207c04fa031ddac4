import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/catalog.ts';
import { alertRules, dashboardQueries, filledFor } from '../unit/dashboards.ts';
import { containersOf, docker, type Installation, install, sweep } from './aiplat.ts';

const TENANT = 'tenant-1060';
const NEIGHBOUR = 'tenant-1061';
const SERVICES = ['caddy', 'prometheus', 'meters', 'n8n', 'valkey', 'llamacpp', 'chroma'];
const PROMETHEUS = 'http://127.0.0.1:10900';
/** The gateway that counts tokens has no image that can be built here: its names are upstream's, and only parsed. */
const WITHOUT_DATA = /litellm_/;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

let here: Installation;

async function query(expr: string): Promise<Sample[]> {
  const answer = await fetch(`${PROMETHEUS}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const { status, error, data } = (await answer.json()) as {
    status: string;
    error?: string;
    data?: { result: Sample[] };
  };
  expect(status, `${expr}: ${error}`).toBe('success');
  return data?.result ?? [];
}

/** Asks until the answer is as it should be. */
async function until<T>(ask: () => Promise<T>, isRight: (found: T) => boolean, seconds = 90): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await ask();
    if (isRight(found) || Date.now() > deadline) return found;
    await sleep(1000);
  }
}

/** Samples of an expression; rates need two looks at a service, and not all services are looked at at once. */
const answered = (expr: string): Promise<Sample[]> =>
  until(
    () => query(expr),
    (samples) => samples.length > 0,
  );

const listOf = (samples: readonly Sample[], label: string): string[] =>
  samples.map(({ metric }) => metric[label] ?? '').sort();

beforeAll(async () => {
  here = await install();
  for (const [tenant, services] of [
    [TENANT, SERVICES.join(',')],
    [NEIGHBOUR, 'valkey'],
  ] as const) {
    await here.aiplat('setup', '--tenant', tenant, '--services', services, '--vector-db', 'chroma');
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', tenant, '--timeout', '400');
    expect(exitCode, stderr).toBe(0);
  }
  // A rate needs two looks.
  const rates = 'count(rate(container_cpu_usage_seconds_total[1m]))';
  await until(
    () => query(rates),
    ([found]) => Number(found?.value[1]) >= SERVICES.length,
  );
});

afterAll(async () => {
  await sweep(here, [TENANT, NEIGHBOUR]);
});

describe("the tenant's Prometheus", () => {
  it('scrapes every service of the tenant that has metrics', async () => {
    const wanted = SERVICES.filter((name) => catalog.get(name)?.metrics !== undefined).sort();
    const found = await until(
      () => query('up == 1'),
      (samples) => samples.length >= wanted.length,
    );
    expect(listOf(found, 'job')).toEqual(wanted);
  });

  it('accepts its configuration and its rules', async () => {
    const check = ['exec', `${TENANT}-prometheus`, 'promtool', 'check'];
    const { stdout } = await execa('docker', [...check, 'config', '/etc/prometheus/prometheus.yml']);
    expect(stdout).toContain('SUCCESS');
    const rules = await execa('docker', [...check, 'rules', '/etc/prometheus/rules.yml']);
    expect(rules.stdout).toContain(`${alertRules.length} rules found`);
  });

  it.each(dashboardQueries.filter(({ expr }) => !WITHOUT_DATA.test(expr)))(
    'has data for $where: $expr',
    async ({ expr }) => {
      expect(await answered(filledFor(expr, 'n8n'))).not.toEqual([]);
    },
  );

  it.each(dashboardQueries.filter(({ expr }) => WITHOUT_DATA.test(expr)))(
    'understands $where: $expr',
    async ({ expr }) => {
      await query(filledFor(expr, 'n8n'));
    },
  );

  it.each(alertRules)('has data for the alert $name, and nothing to say', async ({ name, expr }) => {
    const bare = expr.replace(/ (==|<|>) [\d.]+/g, '');
    expect(await answered(bare), bare).not.toEqual([]);
    expect(await query(`ALERTS{alertname="${name}", alertstate="firing"}`)).toEqual([]);
  });
});

describe('the meters', () => {
  it('say of every service that it answers', async () => {
    const found = await query('aiplat_service_up == 1');
    expect(listOf(found, 'service')).toEqual([...SERVICES].sort());
  });

  it('know which container is which service, and agree with the engine about them', async () => {
    const found = await query('container_spec_memory_limit_bytes');
    const engine = await Promise.all(
      (await containersOf(TENANT)).map(async ({ Id, Labels }) => {
        const { HostConfig } = await docker.getContainer(Id).inspect();
        return [Labels['aiplat.service'], String(HostConfig.Memory)];
      }),
    );
    expect(found.map(({ metric, value }) => [metric.service, value[1]]).sort()).toEqual(engine.sort());
  });

  it('see the control groups of their own tenant and of nobody else', async () => {
    const { stdout } = await execa('docker', ['exec', `${TENANT}-meters`, 'find', '/groups', '-type', 'd']);
    const ids = new Set([...stdout.matchAll(/[0-9a-f]{64}/g)].map(([id]) => id));
    expect([...ids].sort()).toEqual((await containersOf(TENANT)).map(({ Id }) => Id).sort());
    expect(await containersOf(NEIGHBOUR)).not.toEqual([]);
  });

  it('cannot change a limit there, nor end a process', async () => {
    const files = ['memory.max', 'memory.limit_in_bytes', 'cgroup.procs'];
    const attempt = `for f in ${files.join(' ')}; do for p in $(find /groups -name $f); do echo 1 >$p && echo written $p; done; done`;
    const { stdout, stderr } = await execa('docker', ['exec', `${TENANT}-meters`, 'sh', '-c', attempt], {
      reject: false,
    });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/Read-only file system|Permission denied/);
  });

  it('know a service by its name again when its container was replaced', async () => {
    const before = await docker.getContainer(`${TENANT}-valkey`).inspect();
    const { exitCode, stderr } = await here.aiplat(
      'ops',
      'credentials',
      '--tenant',
      TENANT,
      '--rotate',
      'VALKEY_PASSWORD',
    );
    expect(exitCode, stderr).toBe(0);
    expect((await docker.getContainer(`${TENANT}-valkey`).inspect()).Id).not.toBe(before.Id);
    const page = ['exec', `${TENANT}-meters`, 'curl', '-s', 'http://127.0.0.1:9101/metrics'];
    const { stdout } = await execa('docker', page);
    expect(stdout).toMatch(/^container_threads\{service="valkey",/m);
    expect(stdout).not.toContain('service=""');
  });

  it('make an alert of a service that stopped', async () => {
    await docker.getContainer(`${TENANT}-valkey`).stop();
    const found = await until(
      () => query('ALERTS{alertname="ServiceUnhealthy", service="valkey"}'),
      (samples) => samples.length > 0,
    );
    await docker.getContainer(`${TENANT}-valkey`).start();
    expect(found.map(({ metric }) => metric)).toEqual([
      expect.objectContaining({ service: 'valkey', alertstate: 'pending', severity: 'critical' }),
    ]);
  });
});

describe('a browser', () => {
  /** The page as a browser has it in the end. */
  async function pageAt(path: string): Promise<string> {
    const profile = await mkdtemp(join(tmpdir(), 'aiplat-browser-'));
    const { stdout } = await execa('chromium', [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      '--host-resolver-rules=MAP * 127.0.0.1',
      // The authority is the tenant's own; that it is to be trusted is tested where Caddy is.
      '--ignore-certificate-errors',
      '--dump-dom',
      `https://prometheus.${TENANT}.datasquiz.net:10943${path}`,
    ]);
    await rm(profile, { recursive: true, force: true });
    return stdout;
  }

  it('shows the overview: every service with its use, every target, volume and certificates', async () => {
    const rows = SERVICES.map(
      (service) => new RegExp(`>${service}</th>\\s*<td>yes</td>(\\s*<td class="number">[\\d.]+\\S*</td>){3}`),
    );
    const page = await until(
      () => pageAt('/consoles/index.html'),
      (found) => rows.every((row) => row.test(found)),
    );
    for (const row of rows) expect(page).toMatch(row);
    for (const job of ['caddy', 'meters', 'n8n', 'prometheus'])
      expect(page).toContain(`<tr><td>${job}</td><td>yes</td></tr>`);
    expect(page).toMatch(/>Volume<\/th>\s*<td class="number">[\d.]+\S+B<\/td>/);
    expect(page).toMatch(/>n8n\.tenant-1060\.datasquiz\.net<\/td><td class="number">\d+h/);
  });
});
