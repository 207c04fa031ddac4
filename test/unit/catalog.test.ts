import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  catalog,
  PRESETS,
  presetServices,
  unitOf,
  vectorDbs,
  withDependencies,
} from '../../src/catalog/catalog.ts';
import { databaseKey } from '../../src/catalog/databases.ts';
import { openEnv, secretEnv } from '../../src/catalog/environment.ts';
import { askedKeys, expand } from '../../src/catalog/expand.ts';
import { type ImageSource, ServiceSchema } from '../../src/catalog/schema.ts';
import { VECTOR_DBS } from '../../src/catalog/schema-data.ts';
import { planImages } from '../../src/images/plan.ts';
import { describeRecipes, withBases } from '../../src/images/recipe.ts';
import { secretFileKeys } from '../../src/stack/files.ts';
import { AUTH_KEY_VALUE, KEYS, sampleStack, TEMPLATES_DIR, withAuthKey } from './sample.ts';

const entries = [...catalog.values()];
/** The names that a tenant can choose where images come from this source. */
const namesFor = (source: ImageSource): string[] =>
  entries
    .filter(({ sources, partOf }) => sources[source] !== undefined && partOf === undefined)
    .map(({ name }) => name);
const textsOf = (entry: (typeof entries)[number]): string[] => [
  ...(entry.alignData ?? []),
  ...VECTOR_DBS.flatMap((vectorDb) => Object.values(openEnv(entry, vectorDb))),
  ...entry.health.test,
  ...Object.values(entry.sources).flatMap((source) => [
    ...(source?.command ?? []),
    ...(source?.healthTest ?? []),
  ]),
];
const hiddenTextsOf = (entry: (typeof entries)[number]): string[] =>
  VECTOR_DBS.flatMap((vectorDb) => Object.values(secretEnv(entry, vectorDb) ?? {}));

describe.each(entries)('the entry $name', (entry) => {
  it('fits the schema', () => {
    expect(ServiceSchema.parse(entry)).toEqual(entry);
  });

  it('needs only services that there are', () => {
    expect(entry.dependsOn.filter((name) => !catalog.has(name))).toEqual([]);
    if (entry.networkOf !== undefined) expect(catalog.has(entry.networkOf)).toBe(true);
  });

  it('asks only for secrets that some entry declares', () => {
    const given = entry.givenKey === undefined ? [] : [entry.givenKey.key];
    const declared = new Set([...KEYS.secrets.map(({ key }) => key), ...given]);
    const asked = [
      ...textsOf(entry),
      ...hiddenTextsOf(entry),
      ...entry.credentials.map(({ value }) => value),
    ].flatMap((text) => [...askedKeys(text, 'secret'), ...askedKeys(text, 'secretFile')]);
    expect(asked.filter((key) => !declared.has(key))).toEqual([]);
    expect(secretFileKeys(entry, 'pgvector').every((key) => declared.has(key))).toBe(true);
  });

  it('has a pinned official image, and a folder for the embedded one where it has one', () => {
    expect(entry.sources.official?.image).toMatch(/^[a-z0-9.-]+\.[a-z]+\/[a-z0-9./-]+:[A-Za-z0-9._-]+$/);
    expect(entry.sources.official?.image).not.toMatch(/:(latest|main|stable)$/);
    for (const folder of [entry.sources.embedded?.image, entry.sources.official?.derived]) {
      if (folder === undefined) continue;
      expect(existsSync(join(TEMPLATES_DIR, 'images', folder, 'Dockerfile'))).toBe(true);
    }
  });

  it('says how its data is backed up, and why it is whole then', () => {
    if (entry.mounts.length > 0) expect(entry.backup?.because).toMatch(/\w/);
    const { backup: _backup, ...silent } = entry;
    expect(ServiceSchema.safeParse(silent).success).toBe(entry.mounts.length === 0);
  });

  it('sets nothing of a network that it shares', () => {
    if (entry.networkOf !== undefined) expect(entry.sysctls).toEqual([]);
  });

  it('reads its file of secrets where its environment holds any', () => {
    if (hiddenTextsOf(entry).length === 0) return expect(secretEnv(entry, 'chroma')).toBeUndefined();
    for (const source of Object.values(entry.sources))
      expect([...(source?.entrypoint ?? []), ...(source?.command ?? [])].join(' ')).toContain(
        '. /run/secrets/environment ',
      );
  });

  it('tells its tenant how to reach it', () => {
    expect(entry.credentials).not.toEqual([]);
  });

  it('has an official image only with a reason for each capability', () => {
    const text = readFileSync(
      join(import.meta.dirname, `../../src/catalog/services/${entry.name}.ts`),
      'utf8',
    );
    for (const capability of Object.values(entry.sources).flatMap((source) => source?.capabilities ?? [])) {
      expect(text.toLowerCase()).toContain(`cap_${capability.toLowerCase()}`);
    }
  });
});

describe('the catalogue as a whole', () => {
  it.each(['official', 'embedded'] as const)('makes a stack of all services from %s images', (source) => {
    const services = namesFor(source);
    const stack = sampleStack({ services, source, edit: withAuthKey });
    const parts = entries.filter(({ partOf }) => partOf !== undefined && services.includes(partOf));
    expect(stack.services).toHaveLength(services.length + parts.length);
    expect(JSON.stringify(stack.services.map(({ container }) => container))).not.toContain('{{secret');
  });

  it('has no two services with one subdomain, port or data directory', () => {
    const unique = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length);
    unique(entries.flatMap(({ route }) => (route ? [route.subdomain] : [])));
    unique(entries.flatMap(({ ports }) => ports.map((one) => ('key' in one ? one.key : one.port))));
    // Parts of one service may share a directory.
    const owners = entries.flatMap((one) => one.mounts.map(({ dir }) => `${dir} ${unitOf(one)}`));
    unique([...new Set(owners)].map((owner) => owner.split(' ')[0]));
    unique(KEYS.secrets.map(({ key }) => key));
    unique(entries.flatMap(({ databases }) => databases.map(({ name }) => name)));
  });

  it('has presets that grow', () => {
    const [minimal = [], standard = [], full = []] = PRESETS.map((preset) =>
      presetServices(catalog, preset, 'official'),
    );
    expect(minimal.every((name) => standard.includes(name))).toBe(true);
    expect(standard.every((name) => full.includes(name))).toBe(true);
    // A second vector database beside the one of VECTOR_DB helps nobody.
    for (const name of ['postgres', 'chroma']) expect(full).not.toContain(name);
    expect(minimal).toContain('caddy');
    expect(full).not.toContain('flowise');
    expect(vectorDbs(catalog)).toContain('chroma');
  });

  it('refuses a name that it does not have', () => {
    expect(() => withDependencies(catalog, ['n9n'])).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

/** Where the value of a secret may stand in a text that aiplat fills, and why. */
const SECRETS_IN_TEXTS: Readonly<Record<string, string>> = {
  'valkey/valkey.conf': 'the config of Valkey is the only place for its password, and a closed file itself',
};

describe('secrets', () => {
  it('stand in no environment, no command line and no health check of any entry', () => {
    const used = entries.filter((entry) =>
      textsOf(entry).some((text) => askedKeys(text, 'secret').length > 0),
    );
    expect(used.map(({ name }) => name)).toEqual([]);
  });

  it('stand in no template, but for those with a reason', () => {
    const holding = readdirSync(TEMPLATES_DIR, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => askedKeys(readFileSync(path, 'utf8'), 'secret').length > 0)
      .map((path) => relative(TEMPLATES_DIR, path));
    expect(holding).toEqual(Object.keys(SECRETS_IN_TEXTS));
  });

  it.each(['official', 'embedded'] as const)('are in no setting of a container of %s images', (source) => {
    const { services } = sampleStack({
      services: namesFor(source),
      vectorDb: 'pgvector',
      source,
      edit: withAuthKey,
    });
    const random = Buffer.alloc(32, 7);
    const made = [
      random.toString('hex'),
      random.toString('base64url'),
      random.subarray(0, 18).toString('base64url'),
      AUTH_KEY_VALUE,
    ];
    const settings = JSON.stringify(services.map(({ container }) => container));
    for (const value of made) expect(settings).not.toContain(value);
  });

  it('that are files all reach the service that declares them', () => {
    for (const { service, rendered } of sampleStack({
      services: namesFor('official'),
      vectorDb: 'pgvector',
      source: 'official',
      edit: withAuthKey,
    }).services) {
      // These two take theirs from a config of their own.
      if (service.name === 'valkey' || service.name === 'llamacpp') continue;
      const names = (rendered?.files ?? []).map(({ path }) => path);
      const inEnvironment = hiddenTextsOf(service).join(' ');
      for (const { key, file } of service.secrets) {
        // A program that is told of its key on its pages alone has no file of it.
        if (key === service.modelClient?.key && Object.keys(service.modelClient.env).length === 0) continue;
        if (inEnvironment.includes(key) || key === databaseKey(service.name)) {
          expect(names).toContain('secrets/environment');
        } else expect(names).toContain(`secrets/${file ?? key}`);
      }
    }
  });

  it('can be brought in line with data only where they are files', () => {
    for (const entry of entries.filter(({ alignData }) => alignData !== undefined))
      expect([...secretFileKeys(entry, 'pgvector'), ...entry.files]).not.toEqual([]);
  });

  it('are files for the owner alone', () => {
    const { services } = sampleStack({ services: ['n8n'] });
    const files = services
      .flatMap(({ rendered }) => rendered?.files ?? [])
      .filter(({ path }) => path.startsWith('secrets/'));
    expect(files).toEqual([
      expect.objectContaining({ path: 'secrets/N8N_ENCRYPTION_KEY', uid: 1001, mode: 0o400 }),
    ]);
  });
});

describe('placeholders', () => {
  it.each(['{{tenant.nothing}}', '{{nothing.x}}', '{{url.nothing}}'])(
    '%s is a mistake of ours and fails',
    (text) => {
      expect(() => expand(text, { tenant: () => undefined, url: () => undefined })).toThrow(text);
    },
  );
});

describe('recipes of embedded images', () => {
  const folder = (base: string, more = '') =>
    new Map([['Dockerfile', `ARG BASE=${base}\nFROM \${BASE}\n${more}`]]);
  const folders = (rootMore = '') =>
    new Map([
      ['base', folder('debian:forky-slim', rootMore)],
      ['node', folder('aiplat/base')],
      ['n8n', folder('aiplat/node')],
      ['caddy', folder('aiplat/base')],
    ]);

  it('get another reference when something below them changes', () => {
    const before = describeRecipes(folders());
    const after = describeRecipes(folders('RUN true\n'));
    for (const name of folders().keys())
      expect(after.get(name)?.reference).not.toBe(before.get(name)?.reference);
    expect(describeRecipes(folders())).toEqual(before);
  });

  it('are built after what they stand on, and only when missing', () => {
    const wanted = withBases(describeRecipes(folders()), ['n8n']);
    expect(wanted.map(({ name }) => name)).toEqual(['base', 'node', 'n8n']);
    const steps = planImages(wanted, new Set(), '/work');
    expect(steps.map(({ do: action, needs }) => [action, needs])).toEqual([
      ['make base image', ['left /work/debian']],
      ['build image', ['left /work/base', 'debian']],
      ['build image', ['left /work/node', 'image base']],
      ['build image', ['left /work/n8n', 'image node']],
    ]);
    expect(planImages(wanted, new Set(wanted.map(({ reference }) => reference)), '/work')).toEqual([]);
  });

  it('of this project all name their base', () => {
    const root = join(TEMPLATES_DIR, 'images');
    const real = new Map(
      readdirSync(root).map((name) => [
        name,
        new Map([['Dockerfile', readFileSync(join(root, name, 'Dockerfile'), 'utf8')]]),
      ]),
    );
    const officials = entries.map(({ name, sources }) => [name, sources.official?.image ?? ''] as const);
    expect(describeRecipes(real, new Map(officials)).size).toBe(real.size);
  });

  it('that start from an official image pull it first, and change with its tag', () => {
    const derived = new Map([['chat', folder('official/chat')]]);
    const of = (tag: string) => describeRecipes(derived, new Map([['chat', `registry.example/chat:${tag}`]]));
    expect(of('1').get('chat')?.reference).not.toBe(of('2').get('chat')?.reference);
    const steps = planImages(withBases(of('1'), ['chat']), new Set(), '/work');
    expect(steps.map(({ do: action, target, needs }) => [action, target, needs])).toEqual([
      ['pull image', 'registry.example/chat:1', []],
      ['build image', of('1').get('chat')?.reference, ['left /work/chat', 'image registry.example/chat:1']],
    ]);
    expect(() => describeRecipes(derived)).toThrow('names no base');
  });
});
