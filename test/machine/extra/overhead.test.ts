import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { firewall } from '../attack.ts';
import {
  addressOf,
  docker,
  figure,
  imageOf,
  must,
  mustAiplat,
  pidOf,
  prepareHost,
  run,
  sh,
} from '../inside.ts';

// What the walls cost. It prints tables and judges nothing: the processor of this machine is emulated, so ratios count.
const ROUNDS = 5;
const NODE = '/opt/aiplat/node_modules/node/bin/node';
const TENANTS = 100;

before(() => {
  prepareHost();
  mustAiplat(
    'setup',
    '--tenant',
    'tenant-1001',
    '--services',
    'caddy,prometheus,valkey',
    '--vector-db',
    'chroma',
  );
  mustAiplat('deploy', '--tenant', 'tenant-1001', '--timeout', '900');
});

const timed = (work: () => unknown): number => {
  const begin = performance.now();
  work();
  return performance.now() - begin;
};

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

const spread = (values: readonly number[]): string =>
  `${Math.round(median(values))} (${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))})`;

/** A row that sets two series of measurements side by side. */
const compare = (
  what: string,
  unit: string,
  withWall: readonly number[],
  without: readonly number[],
): string =>
  `| ${what}, ${unit} | ${spread(withWall)} | ${spread(without)} | ${(median(withWall) / median(without)).toFixed(2)} |`;

const head = (wall: string): string => `\n| ${wall} | with | without | ratio |\n|---|---|---|---|`;

/** Requests a second over one connection, sent one after the other by a program that starts with these words. */
function load(url: string, where: readonly string[] = []): number {
  const script = `
    const agent = new (require('http').Agent)({ keepAlive: true, maxSockets: 1 });
    const ask = () => new Promise((ok, no) => require('http').get('${url}', { agent }, (a) => a.resume().on('end', ok)).on('error', no));
    (async () => {
      for (let n = 0; n < 50; n++) await ask();
      const begin = performance.now();
      for (let n = 0; n < 400; n++) await ask();
      console.log(400000 / (performance.now() - begin));
    })();`;
  const [program = NODE, ...args] = [...where, NODE, '-e', script];
  return Number(must(run(program, args)).trim());
}

describe('AppArmor', () => {
  const profiles = { confined: 'ai-platform-1001-caddy', bare: 'unconfined' } as const;
  const start = (name: keyof typeof profiles, image: string): void => {
    const flags = [
      '--user',
      '1001:1001',
      '--cap-drop',
      'ALL',
      '--security-opt',
      `apparmor=${profiles[name]}`,
    ];
    const program = ['--entrypoint', 'caddy', image, 'respond', '--listen', ':8080', '--body', 'well'];
    must(docker('run', '-d', '--name', `bench-${name}`, ...flags, '-e', 'HOME=/tmp', ...program));
  };
  const answers = (name: string): unknown =>
    must(
      sh(
        `for i in $(seq 200); do curl -sf -o /dev/null http://${addressOf(name)}:8080/ && exit 0; done; exit 1`,
      ),
    );

  it('slows the start and the requests of a service by this much', () => {
    const image = imageOf('caddy-tenant-1001');
    const figures: Record<string, Record<keyof typeof profiles, number[]>> = {};
    const add = (what: string, name: keyof typeof profiles, value: number): void => {
      figures[what] ??= { confined: [], bare: [] };
      figures[what][name].push(value);
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of ['confined', 'bare'] as const) {
        add(
          'start until the first answer, ms',
          name,
          timed(() => {
            start(name, image);
            answers(`bench-${name}`);
          }),
        );
        add('requests a second', name, load(`http://${addressOf(`bench-${name}`)}:8080/`));
        const perl = (line: string): number =>
          timed(() => must(docker('exec', `bench-${name}`, 'perl', '-e', line)));
        const idle = perl('1');
        add(
          '20000 files opened, ms',
          name,
          perl('for (1..20000) { open F, "/etc/hostname"; close F }') - idle,
        );
        add('100 programs started, ms', name, perl('for (1..100) { system "/bin/true" }') - idle);
        docker('rm', '-f', `bench-${name}`);
      }
    }
    figure(head('AppArmor profile'));
    for (const [what, { confined, bare }] of Object.entries(figures)) {
      const [label = '', unit = ''] = what.split(', ');
      figure(compare(label, unit, confined, bare));
    }
  });
});

describe('the firewall', () => {
  it('slows requests by this much', () => {
    const alice = ['setpriv', '--reuid', '1001', '--regid', '1001', '--clear-groups'];
    const fromCaddy = ['nsenter', '-t', String(pidOf('caddy-tenant-1001')), '-n'];
    const ways = {
      'alice to a published port, requests/s': () => load('http://127.0.0.1:5000/-/ready', alice),
      'container to container, requests/s': () =>
        load(`http://${addressOf('tenant-1001-prometheus')}:9090/-/ready`, fromCaddy),
    };
    figure(head('nftables table'));
    for (const [what, measure] of Object.entries(ways)) {
      const [withTable, without]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        withTable.push(measure());
        firewall.remove();
        without.push(measure());
        firewall.restore();
      }
      const [label = '', unit = ''] = what.split(', ');
      figure(compare(label, unit, withTable, without));
    }
  });
});

describe(`profiles of ${TENANTS} tenants`, () => {
  const folder = '/var/tmp/bench-profiles';
  const cache = '/var/cache/apparmor';
  const loaded = (): string[] =>
    readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8')
      .split('\n')
      .filter((line) => /ai-platform-2\d{4}/.test(line));
  const parser = (...paths: string[]): number =>
    timed(() => must(run('apparmor_parser', ['--replace', '--write-cache', ...paths])));

  it('are loaded in this time, and the kernel has all of them', () => {
    const text = readFileSync('/etc/apparmor.d/aiplat-tenant-1001', 'utf8');
    const each = text.match(/^profile /gm)?.length ?? 0;
    mkdirSync(folder, { recursive: true });
    for (let n = 0; n < TENANTS; n++) {
      writeFileSync(`${folder}/aiplat-tenant-${20000 + n}`, text.replace(/1001/g, String(20000 + n)));
    }
    const files = readdirSync(folder).map((name) => `${folder}/${name}`);
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    figure(`\n| ${TENANTS} files, ${each} profiles each | time | profiles in the kernel |\n|---|---|---|`);
    const measure = (what: string, work: () => number): void => {
      const took = work();
      figure(`| ${what} | ${seconds(took)} | ${loaded().length} |`);
    };
    const oneByOne = (): number => files.reduce((sum, path) => sum + parser(path), 0);
    measure('one call a file, cold', oneByOne);
    assert.equal(loaded().length, TENANTS * each);
    measure('one call a file, cached', oneByOne);
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache);
    measure('one call for all, cold', () => parser(...files));
    measure('one call for all, cached', () => parser(...files));
    assert.equal(loaded().length, TENANTS * each);
    for (const line of loaded()) {
      writeFileSync('/sys/kernel/security/apparmor/.remove', line.replace(/ \(\w+\)$/, ''));
    }
  });
});
