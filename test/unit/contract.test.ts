import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/catalog.ts';
import { allFacts } from '../contract/all-facts.ts';
import type { Facts } from '../contract/facts.ts';
import { faults, type Self } from '../contract/faults.ts';

const all = await allFacts();

describe('facts of upstream images', () => {
  it('are there for every service that no test can run, and for no other', () => {
    const known = all.map(({ service }) => service);
    const needed = [...catalog.values()].filter(({ sources }) => sources.embedded === undefined);
    expect(needed.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
    expect(known.filter((name) => !catalog.has(name))).toEqual([]);
    expect(new Set(known).size).toBe(known.length);
  });

  it.each(all)('$service: say where they stand, and answer where Caddy and Prometheus ask', (facts) => {
    expect(facts.sources.join(' ')).toMatch(/\w+\/\w+|documentation/);
    const { route, metrics } = catalog.get(facts.service) ?? {};
    const answersOf = (port: number | undefined) =>
      facts.listens.find((one) => one.port === port)?.answers ?? {};
    if (route !== undefined) expect(Object.keys(answersOf(route.port))).not.toEqual([]);
    if (metrics !== undefined) expect(Object.keys(answersOf(metrics.port))).toContain(metrics.path);
  });
});

const dir = mkdtempSync(join(tmpdir(), 'aiplat-facts-'));
const server = createServer((socket) =>
  socket.once('data', (text) => {
    socket.end(String(text).includes('right') ? '+OK\r\n+PONG\r\n' : '-WRONGPASS invalid\r\n');
  }),
);
let port = 0;

beforeAll(async () => {
  writeFileSync(join(dir, 'secret'), 'from-a-file\n');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const BARE: Facts = {
  service: 'sample',
  sources: [],
  entrypoint: [],
  programs: [],
  tools: {},
  listens: [],
};
const SELF: Self = {
  env: {},
  commandLine: '/usr/bin/sample serve',
  mountinfo: '1 0 0:1 / / ro - overlay overlay rw\n2 1 0:2 / /tmp rw - tmpfs tmpfs rw\n',
  status: 'Uid:\t1001\t1001\t1001\t1001\nCapEff:\t0000000000000001\n',
};

describe('the stand-in', () => {
  it.each<[string, Partial<Facts>, Record<string, string>, string]>([
    ['a variable that is not there', { env: { KEY: { format: '.+' } } }, {}, 'KEY is not set'],
    ['one of another form', { env: { KEY: { format: '\\d+' } } }, { KEY: '1x' }, 'KEY does not fit \\d+'],
    [
      'a file of a variable that upstream does not read',
      { env: { KEY: { format: '.+' } } },
      { KEY_FILE: '/run/secrets/KEY' },
      'KEY_FILE is set, which the program does not know',
    ],
    ['a folder that it cannot write to', { writes: [{ path: '/nowhere' }] }, {}, '/nowhere cannot be'],
    ['data that is lost with it', { writes: [{ path: '/tmp', persists: true }] }, {}, '/tmp is on no mount'],
    ['a folder that should be closed', { closed: [dir] }, {}, `${dir} can be written to`],
    ['another command', { commandLine: ['^/usr/bin/sample run'] }, {}, 'the command line has no'],
    ['a user that is not root', { root: { capabilities: ['CHOWN'] } }, {}, 'runs as UID 1001'],
    ['a missing capability', { root: { capabilities: ['SETUID'] } }, {}, 'no capability SETUID'],
    ['a missing file', { files: { '/nowhere/x': [] } }, {}, '/nowhere/x cannot be read'],
    ['a file of another text', { files: { [join(dir, 'secret')]: ['^else$'] } }, {}, 'nothing like ^else$'],
    [
      'what a value asks for',
      { when: [{ name: 'KIND', is: 'a', env: { KEY: { format: '.+' } } }] },
      { KIND: 'a' },
      'KEY is not set',
    ],
  ])('refuses %s', async (_what, facts, env, fault) => {
    expect((await faults({ ...BARE, ...facts }, { ...SELF, env })).join('\n')).toContain(fault);
  });

  it('takes a secret from its file, and says nothing when all holds', async () => {
    const facts: Facts = {
      ...BARE,
      env: { KEY: { format: 'from-a-file', orFile: true }, OTHER: { format: 'x', optional: true } },
      writes: [{ path: dir }],
      closed: ['/nowhere'],
      commandLine: ['serve$'],
    };
    const persisting = { ...SELF, env: { KEY_FILE: join(dir, 'secret') } };
    expect(await faults(facts, persisting)).toEqual([]);
  });

  it('logs in where it says so, and never tells a password', async () => {
    const facts: Facts = { ...BARE, reaches: [{ redis: 'redis://:$WORD@127.0.0.1:$PORT' }] };
    const with_ = (word: string) => faults(facts, { ...SELF, env: { WORD: word, PORT: String(port) } });
    expect(await with_('right')).toEqual([]);
    const [fault] = await with_('wrong-word');
    expect(fault).toContain('WRONGPASS');
    expect(fault).not.toContain('wrong-word');
    const nobody = await faults({ ...BARE, reaches: [{ tcp: '127.0.0.1:1' }] }, SELF);
    expect(nobody).toEqual([expect.stringContaining('cannot be reached')]);
  });
});
