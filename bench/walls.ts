import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderProfiles } from '../src/apparmor/profile.ts';
import { catalog, presetServices, withDependencies } from '../src/catalog/catalog.ts';
import { renderRuleset } from '../src/firewall/ruleset.ts';
import { parseHostConfig } from '../src/tenant/host-config.ts';
import { describeTenant, type Tenant } from '../src/tenant/identity.ts';

// `node bench/walls.ts`, as root: what the firewall and the profiles cost on this machine, as tables. The
// firewall is loaded in network namespaces of its own; profiles are compiled and not loaded, so that no
// AppArmor is needed. What confinement costs while a service runs is measured in the virtual machine:
// `npm run test:vm -- --extra overhead`.

const ROUNDS = 5;
const REQUESTS = 2000;
const PORTS_A_TENANT = 9;
const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'aiplat-bench-'));

const run = (...words: string[]): string => {
  const [program = '', ...args] = words;
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
};

const tenants = (count: number): Tenant[] =>
  Array.from({ length: count }, (_, at) => describeTenant(1001 + at, parseHostConfig(undefined, '')));

const timed = (work: () => unknown): number => {
  const begin = performance.now();
  work();
  return performance.now() - begin;
};

/** The least of all rounds: what was measured while the machine did little else. */
const least = (values: readonly number[]): string => String(Math.round(Math.min(...values)));

/** The table of a host with so many tenants, each with as many ports as a full stack publishes. */
function ruleset(count: number): string {
  const entries = tenants(count).map(({ uid, address, block }) => ({
    uid,
    bridge: `aip-${uid}`,
    ports: Array.from({ length: PORTS_A_TENANT }, (_, at) => ({ address, port: block.first + at })),
  }));
  const path = join(work, `${count}.nft`);
  const template = readFileSync(join(root, 'templates/firewall/aiplat.nft'), 'utf8');
  writeFileSync(path, renderRuleset(template, entries, 'open'));
  return path;
}

const HOST = 'aiplat-bench-host';
const CONTAINER = 'aiplat-bench-container';
const WORLD = 'aiplat-bench-world';
const at = (namespace: string, ...words: string[]): string[] => ['ip', 'netns', 'exec', namespace, ...words];

/** A host between a container of tenant-1001 and the world. */
function makeNetwork(): void {
  for (const name of [HOST, CONTAINER, WORLD]) run('ip', 'netns', 'add', name);
  const cable = (name: string, far: string, subnet: string): void => {
    run('ip', '-n', HOST, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far);
    run('ip', '-n', HOST, 'addr', 'add', `${subnet}.1/24`, 'dev', name);
    run('ip', '-n', far, 'addr', 'add', `${subnet}.2/24`, 'dev', 'eth0');
    run('ip', '-n', HOST, 'link', 'set', name, 'up');
    run('ip', '-n', far, 'link', 'set', 'eth0', 'up');
    run('ip', '-n', far, 'route', 'add', 'default', 'via', `${subnet}.1`);
  };
  cable('aip-1001', CONTAINER, '10.128.0');
  cable('wan0', WORLD, '198.51.100');
  run('ip', '-n', HOST, 'link', 'set', 'lo', 'up');
  run(...at(HOST, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'));
}

function serve(namespace: string, address: string, port: number): ChildProcess {
  const script = `require('http').createServer((q, s) => s.end('well')).listen(${port}, '${address}')`;
  const [program = '', ...args] = at(namespace, process.execPath, '-e', script);
  return spawn(program, args, { stdio: 'ignore' });
}

const load = (namespace: string, url: string, user: string): number =>
  Number(
    run(
      ...at(namespace, 'setpriv', '--reuid', user, '--regid', user, '--clear-groups'),
      ...[process.execPath, join(root, 'bench/load.ts'), url, String(REQUESTS)],
    ),
  );

const WAYS = {
  'a user to a published port': () => load(HOST, 'http://127.0.0.1:5000/', '1001'),
  'a container to the world': () => load(CONTAINER, 'http://198.51.100.2:80/', '1001'),
};

async function firewall(): Promise<void> {
  makeNetwork();
  const servers = [serve(HOST, '127.0.0.1', 5000), serve(WORLD, '198.51.100.2', 80)];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const sizes = [0, 1, 100, 1000];
  const figures = new Map<string, number[]>();
  const add = (key: string, value: number): unknown => figures.set(key, [...(figures.get(key) ?? []), value]);
  // The sizes alternate, so that what else the machine does meets all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of sizes) {
      run(...at(HOST, 'nft', 'flush', 'ruleset'));
      if (size > 0) {
        const load = at(HOST, 'nft', '-f', ruleset(size));
        const took = timed(() => run(...load));
        add(`load ${size}`, took);
      }
      for (const [way, measure] of Object.entries(WAYS)) add(`${way} ${size}`, measure());
    }
  }
  for (const server of servers) server.kill('SIGKILL');
  console.log(`\n| tenants | ${Object.keys(WAYS).join(', µs | ')}, µs | loading the table, ms |`);
  console.log(`|---|${'---|'.repeat(Object.keys(WAYS).length + 1)}`);
  for (const size of sizes) {
    const times = Object.keys(WAYS).map((way) => least(figures.get(`${way} ${size}`) ?? []));
    const loading = size === 0 ? '' : least(figures.get(`load ${size}`) ?? []);
    console.log(`| ${size === 0 ? 'no table' : size} | ${times.join(' | ')} | ${loading} |`);
  }
}

function profiles(): void {
  const read = (name: string): string => readFileSync(join(root, 'templates/apparmor', name), 'utf8');
  const services = withDependencies(catalog, [...presetServices(catalog, 'standard', 'embedded'), 'chroma']);
  const paths = tenants(100).map((tenant) => {
    const path = join(work, tenant.name);
    writeFileSync(
      path,
      renderProfiles(tenant, services, '/mnt', { header: read('header'), profile: read('profile') }).text,
    );
    return path;
  });
  const compile = (...files: string[]): unknown => run('/usr/sbin/apparmor_parser', '-QTK', ...files);
  console.log(`\n| profiles of 100 tenants with ${services.length} services, compiled | ms |\n|---|---|`);
  const ways = {
    'one call a file': () => paths.map((path) => compile(path)),
    'one call for all': () => compile(...paths),
  };
  for (const [way, work] of Object.entries(ways)) {
    console.log(`| ${way} | ${least([1, 2, 3].map(() => timed(work)))} |`);
  }
}

try {
  profiles();
  await firewall();
} finally {
  for (const name of [HOST, CONTAINER, WORLD]) {
    try {
      run('ip', 'netns', 'del', name);
    } catch {
      // It was not made.
    }
  }
  rmSync(work, { recursive: true, force: true });
}
