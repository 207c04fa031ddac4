import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AiplatError } from '../../../src/errors.ts';
import { type EnvSection, mergeEnv, readEnv, repeatedKeys } from '../../../src/tenant/env-file.ts';
import { envChanges, wantedSections } from '../../../src/tenant/env-plan.ts';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import { checkPartialSettings, parseSettings } from '../../../src/tenant/settings.ts';
import { KEYS, sampleEnv, TENANT, wantedInput } from '../sample.ts';

const key = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
const value = fc.stringMatching(/^[A-Za-z0-9._/:,@+-]{0,30}$/);
const sections = fc
  .uniqueArray(fc.record({ key, value }), { selector: ({ key: name }) => name, minLength: 1, maxLength: 12 })
  .map((lines): EnvSection[] => [{ title: 'One', notes: ['a note'], lines }]);
const comment = fc.stringMatching(/^[ -~]{0,30}$/).map((text) => `# ${text}`);

describe('a .env that is merged', () => {
  it('reads back as what was wanted', () => {
    fc.assert(
      fc.property(sections, fc.dictionary(key, value), (wanted, old) => {
        const text = Object.entries(old)
          .map(([name, one]) => `${name}=${one}\n`)
          .join('');
        const merged = readEnv(mergeEnv(text, wanted));
        const asked = Object.fromEntries(
          wanted.flatMap(({ lines }) => lines.map((line) => [line.key, line.value])),
        );
        expect(merged).toEqual({ ...old, ...asked });
      }),
    );
  });

  it('keeps every comment, every other key and their order', () => {
    fc.assert(
      fc.property(sections, fc.array(comment, { maxLength: 8 }), (wanted, comments) => {
        const text = ['MY_OWN=1', ...comments, "export QUOTED='a b'"].join('\n');
        const kept = mergeEnv(text, wanted).split('\n');
        expect(
          kept.filter((line) => [...comments, 'MY_OWN=1', "export QUOTED='a b'"].includes(line)).slice(0, 1),
        ).toEqual(['MY_OWN=1']);
        for (const line of comments) expect(kept).toContain(line);
      }),
    );
  });

  it('is not changed by a second merge', () => {
    fc.assert(
      fc.property(sections, (wanted) => {
        const once = mergeEnv('', wanted);
        expect(mergeEnv(once, wanted)).toBe(once);
      }),
    );
  });

  it('gets new keys at the end of their section', () => {
    const text = '# === One ===\nA=1\n\n# === Two ===\nC=3\n';
    const wanted = [
      {
        title: 'One',
        notes: [],
        lines: [
          { key: 'A', value: '1' },
          { key: 'B', value: '2' },
        ],
      },
    ];
    expect(mergeEnv(text, wanted)).toBe('# === One ===\nA=1\nB=2\n\n# === Two ===\nC=3\n');
  });

  it('names keys that stand there twice', () => {
    expect(repeatedKeys('A=1\n# A=2\n export A = 3\nB=1\n')).toEqual(['A']);
  });
});

describe('the wanted .env', () => {
  it('has every key of the plan, and a secret for each that needs one', () => {
    const values = readEnv(sampleEnv());
    for (const name of [
      'TENANT_NAME',
      'BASE_DIR',
      'DOMAIN_NAME',
      'LOCALHOST',
      'STACK_USER_UID',
      'STACK_USER_GID',
      'OPENCLAW_UID',
      'OPENCLAW_GID',
      'DOCKER_NETWORK',
      'PROMETHEUS_PORT',
      'GRAFANA_PORT',
      'N8N_PORT',
      'DIFY_PORT',
      'ANYTHINGLLM_PORT',
      'LITELLM_PORT',
      'OPENWEBUI_PORT',
      'MINIO_PORT',
      'SIGNAL_PORT',
      'OPENCLAW_PORT',
      'FLOWISE_PORT',
      'VECTOR_DB',
      'APPARMOR_PROFILE_DIR',
      'TAILSCALE_AUTH_KEY',
      'TAILSCALE_HOSTNAME',
    ]) {
      expect(values).toHaveProperty(name);
    }
    for (const { key: name } of KEYS.secrets) expect(values[name]?.length).toBeGreaterThanOrEqual(24);
  });

  it('keeps secrets and choices that are there, and adds what is missing', () => {
    const existing = {
      N8N_ENCRYPTION_KEY: 'kept-for-ever',
      SERVICES: 'caddy',
      DOMAIN_NAME: 'ai.example.org',
    };
    const choices = { domain: undefined, vectorDb: undefined, services: undefined };
    const wanted = wantedSections({ ...wantedInput(), existing, choices });
    const values = readEnv(mergeEnv('', wanted));
    expect(values).toMatchObject(existing);
    const { added, changed } = envChanges(existing, wanted);
    expect(changed).toEqual([]);
    expect(added).toContain('POSTGRES_PASSWORD');
    expect(added).not.toContain('SERVICES');
  });
});

/** The lines of the error that a .env gives, or none. */
function problemsOf(edit: (text: string) => string): string[] {
  try {
    parseSettings({ path: '/mnt/.env', text: edit(sampleEnv()) }, TENANT, KEYS);
    return [];
  } catch (error) {
    if (!(error instanceof AiplatError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.why.split('\n');
  }
}

const set = (name: string, to: string) => (text: string) =>
  text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${to}`);

describe('a .env', () => {
  it('that setup wrote is right', () => {
    expect(problemsOf((text) => text)).toEqual([]);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'another UID',
      set('STACK_USER_UID', '1002'),
      /^STACK_USER_UID = 1002: does not belong to this UID\. It follows from the UID: write 1001$/,
    ],
    [
      'the directory of another tenant',
      set('BASE_DIR', '/mnt/data-tenant-1002'),
      /^BASE_DIR = \/mnt\/data-tenant-1002: does not belong/,
    ],
    [
      'the network of another tenant',
      set('DOCKER_NETWORK', 'ai-platform-1002'),
      /^DOCKER_NETWORK = ai-platform-1002: /,
    ],
    ['a command in a value', set('TENANT_NAME', '$(id)'), /^TENANT_NAME = \$\(id\): does not belong/],
    [
      'a port outside of the block',
      set('N8N_PORT', '5100'),
      /^N8N_PORT = 5100: lies outside the tenant's block\. Write a port from 5000 to 5099$/,
    ],
    ['a port that is none', set('N8N_PORT', '50x'), /^N8N_PORT = 50x: is no port/],
    [
      'two keys with one port',
      set('N8N_PORT', '5000'),
      /^N8N_PORT = 5000: PROMETHEUS_PORT has the same port/,
    ],
    [
      'a vector database that is none',
      set('VECTOR_DB', 'chromadb'),
      /^VECTOR_DB = chromadb: is no vector database\. Write one of /,
    ],
    [
      'a service that is none',
      set('SERVICES', 'caddy,n9n'),
      /^SERVICES = caddy,n9n: names a service that the catalogue does not have/,
    ],
    [
      'a domain that is none',
      set('DOMAIN_NAME', 'Example.org'),
      /^DOMAIN_NAME = Example\.org: is no domain name/,
    ],
    ['a domain with a brace', set('DOMAIN_NAME', '"a.org {"'), /^DOMAIN_NAME = a\.org \{: is no domain name/],
    [
      'a domain with a new line',
      set('DOMAIN_NAME', '"a.org\\nb.org"'),
      /^DOMAIN_NAME = a\.org\\nb\.org: is no domain name/,
    ],
    ['an unknown key', (text) => `${text}N8N_PROT=1\n`, /^N8N_PROT: no such key\. Did you mean N8N_PORT\?/],
    [
      'a key that is missing',
      (text) => text.replace(/^SERVICES=.*\n/m, ''),
      /^SERVICES: is missing\. `aiplat setup` adds it$/,
    ],
    [
      'a key that stands there twice',
      (text) => `${text}VECTOR_DB=chroma\n`,
      /^VECTOR_DB: stands there more than once/,
    ],
  ])('with %s is refused, with key, value and remedy', (_title, edit, expected) => {
    expect(problemsOf(edit)).toEqual([expect.stringMatching(expected)]);
  });

  it('with many faults is refused once, with all of them', () => {
    const edit = (text: string) =>
      set('N8N_PORT', '1')(set('VECTOR_DB', 'x')(set('STACK_USER_GID', '0')(text)));
    expect(problemsOf(edit)).toHaveLength(3);
  });

  it('never has its secrets in a message', () => {
    const [line] = problemsOf(set('POSTGRES_PASSWORD', '"it is short"'));
    expect(line).toBe(
      'POSTGRES_PASSWORD = [hidden]: is shorter than 8 characters or needs quoting. Use letters, digits and -._~+/=',
    );
    expect(problemsOf((text) => `${text}MY_API_KEY=sk-1234\n`).join()).not.toContain('sk-1234');
    const { secrets } = parseSettings({ path: '', text: sampleEnv() }, TENANT, KEYS);
    expect(JSON.stringify([...secrets])).not.toContain(readEnv(sampleEnv()).POSTGRES_PASSWORD);
    expect(`${secrets.get('POSTGRES_PASSWORD')}`).toBe('[hidden]');
  });

  it('that lacks keys is no problem for setup, which adds them', () => {
    expect(checkPartialSettings({ path: '', text: 'VECTOR_DB=chroma\n' }, TENANT, KEYS)).toEqual({
      VECTOR_DB: 'chroma',
    });
  });
});

describe('a host config', () => {
  it.each<[string, string]>([
    ['{"baseDomian": "example.org"}', 'baseDomian: no such key. Did you mean baseDomain?'],
    ['{"dataRoot": "mnt"}', 'dataRoot = mnt: is no plain absolute path. Write a path such as /mnt'],
    ['{"dataRoot": "/mnt/../etc"}', 'dataRoot = /mnt/../etc: climbs with ..'],
    ['{"requireMount": "no"}', 'requireMount = no: is neither true nor false'],
    ['{"subnetPool": "10.0.0.0/26"}', 'subnetPool = 10.0.0.0/26: is no IPv4 network of /25 or larger'],
    ['{"openclawUidOffset": 1000}', 'openclawUidOffset = 1000: would meet the UIDs of other tenants'],
    ['{"confinement": "on"}', 'confinement = on: is neither "apparmor" nor "off"'],
  ])('%s is refused: %s', (text, line) => {
    expect(() => parseHostConfig(text, '/etc/c.json')).toThrow(
      expect.objectContaining({ exitCode: 2, why: expect.stringContaining(line) }),
    );
  });

  it.each(['', '{', '[]', 'null', '"x"'])('%j is refused as no object', (text) => {
    expect(() => parseHostConfig(text, '/etc/c.json')).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('names all its problems at once', () => {
    const why = (() => {
      try {
        parseHostConfig('{"images": 1, "runDir": 2, "x": 3}', '');
      } catch (error) {
        return (error as AiplatError).why;
      }
      return '';
    })();
    expect(why.split('\n')).toHaveLength(3);
  });
});
