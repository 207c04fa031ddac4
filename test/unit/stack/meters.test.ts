import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalog } from '../../../src/catalog/catalog.ts';
import { type Probe, probeOf } from '../../../src/stack/meters.ts';
import { sampleStack, TEMPLATES_DIR } from '../sample.ts';

interface MetersConfig {
  readonly groups: string;
  readonly volume: string;
  readonly services: readonly { name: string; container: string; probe?: Probe }[];
  readonly tls?: { host: string; port: number; names: readonly string[] };
}
interface Meters {
  readGroup(groups: string, below: string): Promise<Record<string, number | undefined>>;
  findContainers(groups: string): Promise<{ id: string; group: string }[]>;
  answers(probe: Probe): Promise<boolean>;
  metricsPage(config: MetersConfig, known: Map<string, object>): Promise<string>;
}
const meters = (await import(join(TEMPLATES_DIR, 'meters/meters.mjs'))) as Meters;

const dir = mkdtempSync(join(tmpdir(), 'aiplat-meters-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Control groups as the kernel shows them. */
function groupsWith(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(dir, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const ID = 'a1'.repeat(32);
const v2 = groupsWith('v2', {
  [`unified/docker-${ID}.scope/cpu.stat`]: 'usage_usec 2500000\nuser_usec 1\n',
  [`unified/docker-${ID}.scope/memory.current`]: '1000\n',
  [`unified/docker-${ID}.scope/memory.max`]: 'max\n',
  [`unified/docker-${ID}.scope/memory.stat`]: 'anon 5\ninactive_file 400\n',
  [`unified/docker-${ID}.scope/memory.events`]: 'oom 3\noom_kill 2\n',
  [`unified/docker-${ID}.scope/pids.current`]: '7\n',
  [`unified/docker-${ID}.scope/pids.max`]: '64\n',
  [`unified/docker-${ID}.scope/io.stat`]:
    '8:0 rbytes=10 wbytes=20 rios=1 wios=2\n259:1 rbytes=5 wbytes=1 rios=1 wios=1\n',
  'unified/memory.current': '5000\n',
  'unified/memory.max': '8000\n',
});
const v1 = groupsWith('v1', {
  [`cpuacct/${ID}/cpuacct.usage`]: '2500000000\n',
  [`memory/${ID}/memory.usage_in_bytes`]: '1000\n',
  [`memory/${ID}/memory.limit_in_bytes`]: '9223372036854771712\n',
  [`memory/${ID}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 400\n',
  [`memory/${ID}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  [`pids/${ID}/pids.current`]: '7\n',
  [`pids/${ID}/pids.max`]: '64\n',
  [`blkio/${ID}/blkio.throttle.io_service_bytes`]: '8:0 Read 15\n8:0 Write 21\n8:0 Total 36\nTotal 36\n',
});
const USE = {
  cpuSeconds: 2.5,
  memoryBytes: 1000,
  workingSetBytes: 600,
  memoryLimitBytes: undefined,
  threads: 7,
  maxThreads: 64,
  oomKills: 2,
  readBytes: 15,
  writtenBytes: 21,
};

describe('the meters', () => {
  it.each([
    ['v2, made by systemd', v2, `/docker-${ID}.scope`],
    ['v1, made by the engine', v1, `/${ID}`],
  ])('read control groups of %s', async (_title, groups, below) => {
    expect(await meters.readGroup(groups, below)).toEqual(USE);
    expect(await meters.findContainers(groups)).toEqual([{ id: ID, group: below.slice(1) }]);
  });

  it('count a group that never touched a disk as zero, and say nothing of what the kernel does not tell', async () => {
    const bare = groupsWith('bare', { 'unified/io.stat': '', 'unified/memory.current': '1\n' });
    const use = await meters.readGroup(bare, '');
    expect(use).toMatchObject({ readBytes: 0, writtenBytes: 0, memoryBytes: 1 });
    expect(use.cpuSeconds).toBeUndefined();
  });

  it('tell a service that answers from one that runs and does not, and from one that does not run', async () => {
    const sick = createServer((_request, response) => response.writeHead(503).end()).listen(0);
    const open = createTcpServer((socket) => socket.destroy()).listen(0);
    const portOf = (server: typeof sick | typeof open): number => (server.address() as AddressInfo).port;
    const services = [
      { name: 'open', container: 'c-open', probe: { host: '127.0.0.1', port: portOf(open) } },
      { name: 'sick', container: 'c-sick', probe: { url: `http://127.0.0.1:${portOf(sick)}/` } },
      { name: 'gone', container: 'c-gone', probe: { host: '127.0.0.1', port: portOf(open) } },
    ];
    const ids = ['a1', 'b2'].map((pair) => pair.repeat(32));
    const groups = groupsWith(
      'three',
      Object.fromEntries(ids.map((id) => [`unified/docker-${id}.scope/pids.current`, '1\n'])),
    );
    const known = new Map(ids.map((id, at) => [id, services[at] ?? {}]));
    const page = await meters.metricsPage({ groups, volume: dir, services }, known);
    sick.close();
    open.close();
    expect(page).toContain('aiplat_service_up{service="open"} 1\n');
    expect(page).toContain('aiplat_service_up{service="sick"} 0\n');
    expect(page).toContain('aiplat_service_running{service="sick"} 1\n');
    expect(page).toContain('aiplat_service_running{service="gone"} 0\n');
    expect(page).toContain('aiplat_service_up{service="gone"} 0\n');
    expect(page).toContain('container_threads{service="open",name="c-open"} 1\n');
    expect(page).toMatch(/^aiplat_volume_size_bytes \d+$/m);
  });
});

describe('what the meters ask', () => {
  it.each([
    ['caddy', { url: 'http://caddy:2020/healthz' }],
    ['n8n', { url: 'http://n8n:5678/healthz/readiness' }],
    ['openclaw', { url: 'http://openclaw:18789/healthz' }],
    ['postgres', { host: 'postgres', port: 5432 }],
    ['valkey', { host: 'valkey', port: 6379 }],
  ])('%s is its health check, put from the network', (name, probe) => {
    const entry = catalog.get(name);
    expect(entry && probeOf(entry, 'embedded')).toEqual(probe);
  });

  /** They take work from a queue and listen nowhere: whether they run is all that can be known. */
  const silent = ['dify-worker', 'dify-worker-beat'];

  it.each([...catalog.values()].filter(({ name }) => !silent.includes(name)))(
    '$name is something that can be asked',
    (entry) => {
      for (const source of ['official', 'embedded'] as const) expect(probeOf(entry, source)).toBeDefined();
    },
  );
});

describe('the control groups of a tenant', () => {
  const { services } = sampleStack({ services: ['meters', 'n8n'] });
  const groups = services.map(({ service, container }) => ({
    name: service.name,
    mounts: container.mounts.filter(({ source }) => source.startsWith('/sys')),
  }));

  it('are shown to the meters alone, read-only, and nothing above them', () => {
    expect(groups.filter(({ mounts }) => mounts.length > 0)).toEqual([
      {
        name: 'meters',
        mounts: [
          {
            source: '/sys/fs/cgroup/aiplat.slice/aiplat-1001.slice',
            target: '/groups/unified',
            readOnly: true,
          },
        ],
      },
    ]);
  });
});
