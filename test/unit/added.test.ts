import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderProfiles } from '../../src/apparmor/profile.ts';
import { addedFault, nameFault, withAdded } from '../../src/catalog/added.ts';
import { catalog } from '../../src/catalog/catalog.ts';
import { type Service, ServiceSchema } from '../../src/catalog/schema.ts';
import { addedPort } from '../../src/ports/allocate.ts';
import { type Added, addedText, parseAdded } from '../../src/tenant/added.ts';
import { imageFault, isBuiltHere, parseImage } from '../../src/tenant/image-name.ts';
import { sampleStack, TEMPLATES_DIR, TENANT } from './sample.ts';

const WIKI: Added = {
  image: 'ghcr.io/acme/wiki:2.5.308',
  port: 3000,
  published: 5020,
  env: { MODE: 'quiet' },
  secretEnv: { DB_PASSWORD: 'geheim' },
  mounts: { '/wiki/data': 'wiki' },
  health: '/healthz',
  memoryMb: 512,
  readWriteRoot: false,
  runAs: 'tenant',
  route: true,
  needs: ['valkey'],
  since: '2026-11-25',
  by: 'root',
};
const entry = (change: Partial<Added> = {}): Service =>
  withAdded(catalog, new Map([['wiki', { ...WIKI, ...change }]])).get('wiki') as Service;

describe('the entry of an added service', () => {
  it.each<[string, Partial<Added>]>([
    ['with everything', {}],
    ['with as little as can be', { mounts: {}, health: undefined, route: false, needs: [] }],
    ['with a root that it writes', { readWriteRoot: true, runAs: 'openclaw' }],
  ])('%s fits the schema of the catalogue', (_title, change) => {
    expect(ServiceSchema.parse(entry(change))).toEqual(entry(change));
  });

  it('asks for no privilege, whatever is said of it', () => {
    const { sources, sysctls, files } = entry({ readWriteRoot: true });
    expect([sources.official?.capabilities, sysctls, files]).toEqual([[], [], []]);
  });

  it.each<[string | undefined, string[]]>([
    [undefined, []],
    [
      '/healthz',
      [
        'CMD-SHELL',
        "curl -fsS -o /dev/null 'http://127.0.0.1:3000/healthz' || wget -q -O /dev/null 'http://127.0.0.1:3000/healthz'",
      ],
    ],
    ['wiki check --quick', ['CMD', 'wiki', 'check', '--quick']],
    ['wiki check | grep ok', ['CMD-SHELL', 'wiki check | grep ok']],
  ])('with the check %j is tried by %j', (health, test) => {
    expect(entry({ health }).health.test).toEqual(test);
  });

  it('takes no name away that a newer catalogue has', () => {
    expect(withAdded(catalog, new Map([['n8n', WIKI]])).get('n8n')).toBe(catalog.get('n8n'));
    expect(nameFault(catalog, 'n8n')?.what).toBe('The name n8n is taken.');
    expect(nameFault(catalog, 'wiki')).toBeUndefined();
  });

  it('is in a stack beside what the .env asks for, with what it needs', () => {
    const { services } = sampleStack({ services: ['caddy'], more: entry() });
    expect(services.map(({ service }) => service.name)).toEqual(
      expect.arrayContaining(['caddy', 'valkey', 'wiki']),
    );
  });

  it('keeps its data where neither the image nor the system has anything', () => {
    const fault = (mount: string) => addedFault('wiki', { ...WIKI, mounts: { [mount]: 'wiki' } });
    for (const good of ['/data', '/app/data', '/home/node/.wiki', '/var/lib/wiki', '/srv'])
      expect([good, fault(good)]).toEqual([good, undefined]);
    for (const bad of [
      '/',
      'data',
      '/etc/x',
      '/proc',
      '/run/secrets',
      '/tmp/x',
      '/mnt/data-tenant-1002',
      '/a/../b',
      '/a/./b',
      '/a b',
    ])
      expect([bad, fault(bad)?.exitCode]).toEqual([bad, 2]);
  });
});

describe('the profile of an added service', () => {
  const templates = {
    header: readFileSync(join(TEMPLATES_DIR, 'apparmor/header'), 'utf8'),
    profile: readFileSync(join(TEMPLATES_DIR, 'apparmor/profile'), 'utf8'),
  };
  const { text, names } = renderProfiles(TENANT, [entry({ readWriteRoot: true })], '/mnt', templates);

  it('has the tenant and the service in its name', () => {
    expect(names).toEqual(['ai-platform-1001', 'ai-platform-tenant-1001-wiki']);
  });

  it('is as it was agreed', async () => {
    const own = text.slice(text.indexOf('profile ai-platform-tenant-1001-wiki'));
    await expect(own).toMatchFileSnapshot(join(import.meta.dirname, 'golden/profile-added'));
  });

  it.runIf(existsSync('/usr/sbin/apparmor_parser'))('is accepted by the parser', () => {
    const parse = (input: string): unknown =>
      execFileSync('/usr/sbin/apparmor_parser', ['-QTK'], { input, stdio: ['pipe', 'ignore', 'pipe'] });
    expect(() => parse(text)).not.toThrow();
    expect(() => parse(text.replace('owner /** rwkl,', 'owner /** rwkl'))).toThrow();
  });
});

describe('the file of what was added', () => {
  it('is read as it was written', () => {
    const all = new Map([['wiki', WIKI]]);
    expect(parseAdded(addedText(all), 'file')).toEqual(all);
    expect(parseAdded(undefined, 'file')).toEqual(new Map());
  });

  it.each([
    ['{"wiki": {"image": "x"}}', 'wiki = [hidden]'],
    [`{"../x": ${JSON.stringify(WIKI)}}`, '../x'],
    [JSON.stringify({ wiki: { ...WIKI, privileged: true } }), 'wiki'],
    [JSON.stringify({ wiki: { ...WIKI, runAs: 'root' } }), 'wiki'],
    ['[]', 'no JSON object'],
  ])('is refused as %s, and no value is shown', (text, words) => {
    let told = '';
    try {
      parseAdded(text, 'file');
    } catch (error) {
      told = String((error as { what: string; why: string }).what + (error as { why: string }).why);
    }
    expect(told).toContain(words);
    expect(told).not.toContain('geheim');
  });
});

describe('the name of an image', () => {
  it.each([
    ['nginx:1.29.4', 'docker.io/library/nginx'],
    ['aiplat/caddy:1', 'docker.io/aiplat/caddy'],
    ['docker.io/library/nginx:1', 'docker.io/library/nginx'],
    ['localhost/x:1', 'localhost/x'],
    ['ghcr.io/acme/tool:1', 'ghcr.io/acme/tool'],
    ['registry:5000/x:1', 'registry:5000/x'],
  ])('%s is of %s', (text, repository) => {
    expect(parseImage(text)?.repository).toBe(repository);
  });

  it.each([
    '',
    '-x',
    'UPPER:1',
    'a//b:1',
    'x:1 --privileged',
    'x@sha256:12',
    `x:1@sha256:${'a'.repeat(64)}`,
    'https://x/y:1',
    '../x:1',
  ])('%j is none', (text) => {
    expect(parseImage(text)).toBeUndefined();
  });

  it.each([
    ['nginx:1', ['docker.io/library/*'], true],
    ['docker.io/acme/nginx:1', ['docker.io/library/*'], false],
    ['docker.io.evil.example/library/nginx:1', ['docker.io/library/*'], false],
    ['ghcr.io/acme/tool:1', ['ghcr.io/acme/tool'], true],
    ['ghcr.io/acme/toolbox:1', ['ghcr.io/acme/tool'], false],
    ['ghcr.io/acme/tool:1', ['ghcr.io/acme/*'], true],
    ['ghcr.io/acme-evil/tool:1', ['ghcr.io/acme/*'], false],
    ['aiplat/x:1', ['aiplat/*'], true],
    ['ghcr.io/aiplat/x:1', ['aiplat/*'], false],
    ['nginx', ['*'], false],
    ['nginx:latest', ['docker.io/library/nginx:latest'], true],
    ['nginx', ['docker.io/library/nginx:latest'], true],
    ['nginx:1', ['docker.io/library/nginx:latest'], false],
    ['anything.example/x:1', ['*'], true],
    ['nginx:1', [], false],
  ])('%s under the policy %j: allowed %s', (text, patterns, isAllowed) => {
    expect(imageFault(text, patterns, 'config') === undefined).toBe(isAllowed);
  });

  it('tells what is made on the host alone', () => {
    expect(['aiplat/x:1', 'docker.io/aiplat/x:1', 'ghcr.io/aiplat/x:1'].map(isBuiltHere)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('the port of an added service', () => {
  const block = { first: 5000, last: 5099 };
  const taken = (...ports: number[]) => new Map(ports.map((port) => [port, 'somebody'] as const));

  it('is the first free one from 20 upwards, and never the fixed one of another', () => {
    const all = Array.from({ length: 80 }, (_, at) => 5020 + at);
    const given: number[] = [];
    while (given.length < 78) given.push(addedPort(block, undefined, taken(...given)));
    expect(given).toEqual(all.filter((port) => ![5043, 5080].includes(port)));
    expect(() => addedPort(block, undefined, taken(...given))).toThrow('No port is free');
  });

  it('stays, unless somebody took it', () => {
    expect(addedPort(block, 5033, taken(5020))).toBe(5033);
    expect(addedPort(block, 5033, taken(5033))).toBe(5020);
  });
});
