import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  buildOf,
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const PORT_COUNT = 13;

const valuesOf = (host: FakeHost): Map<string, string> =>
  new Map(
    [...(host.files.text(ENV_PATH) ?? '').matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value,
    ]),
  );

const portsOf = (host: FakeHost): number[] =>
  [...valuesOf(host)].filter(([key]) => key.endsWith('_PORT')).map(([, value]) => Number(value));

const replaceEnv = (host: FakeHost, edit: (text: string) => string): void =>
  host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), text: edit(host.files.text(ENV_PATH) ?? '') });

const take = (host: FakeHost, port: number, address = '127.0.0.1'): void => {
  host.sockets.programs.push({ address, port, holder: 'nginx (pid 812)' });
};

describe('a first setup', () => {
  it('makes the directories so that the tenant can put no link in the way of root', async () => {
    const { files } = await setUpMachine();
    for (const name of ['', '/data', '/logs', '/config', '/apparmor', '/ssl', '/ssl/certs']) {
      expect(files.tree.get(`/mnt/data-tenant-1001${name}`), name).toMatchObject({
        uid: 0,
        gid: 1001,
        mode: 0o750,
      });
    }
  });

  it.each(['minimal', 'standard', 'full'])('takes the services of the preset %s', async (preset) => {
    const host = freshMachine();
    await succeed(host, setupOf({ preset, vectorDb: 'pgvector' }));
    expect(valuesOf(host).get('SERVICES')?.split(',')).toContain('caddy');
    await succeed(host, buildOf());
    await succeed(host, deployOf());
    expect(host.docker.containers.healthOf('tenant-1001-postgres')).toBe('healthy');
    expect(host.docker.containers.healthOf('tenant-1001-chroma')).toBe('gone');
  });

  it('and another choice of the vector database leaves no second one behind', async () => {
    const host = freshMachine();
    await succeed(host, setupOf({ preset: 'standard', vectorDb: 'chroma' }));
    await succeed(host, buildOf());
    await succeed(host, deployOf());
    await succeed(host, setupOf({ vectorDb: 'pgvector' }));
    await succeed(host, deployOf());
    expect(host.docker.containers.healthOf('tenant-1001-postgres')).toBe('healthy');
    expect(host.docker.containers.healthOf('tenant-1001-chroma')).toBe('gone');
  });

  it('needs no engine', async () => {
    const host = freshMachine();
    host.docker.link.isAway = true;
    await succeed(host, setupOf());
    expect(valuesOf(host).get('TENANT_NAME')).toBe('tenant-1001');
  });

  it.each([
    [{ preset: 'huge' }, /no preset "huge"[\s\S]*minimal, standard, full/],
    [{ vectorDb: 'oracle' }, /no vector database "oracle"[\s\S]*chroma, qdrant, weaviate, milvus, pgvector/],
    [{ services: ['n8n', 'n9n'] }, /no service "n9n"/],
    [{ domain: '../../etc' }, /DOMAIN_NAME = \.\.\/\.\.\/etc/],
    [{ tenant: 'tenant-01001' }, /"tenant-01001" is no tenant's name/],
    [{ tenant: 'tenant-1000' }, /tenant-1000 cannot be a tenant/],
    [{ tenant: 'tenant-1001/../tenant-1002' }, /is no tenant's name/],
  ])('with %o is refused with exit 2 and touches nothing', async (options, says) => {
    const ended = await runCommand(freshMachine(), setupOf(options));
    expect([ended.exit, ended.err]).toEqual([2, expect.stringMatching(says)]);
    expect(ended.changes).toEqual([]);
  });
});

describe('a second setup', () => {
  it('keeps every secret, although it would draw others', async () => {
    const host = await setUpMachine();
    const before = valuesOf(host);
    host.seed = 'two';
    replaceEnv(host, (text) => text.replace(/^GROQ_API_KEY=.*\n/m, ''));
    await succeed(host, setupOf({ services: ['caddy'], domain: 'ai.example.org' }));
    const changed = [...valuesOf(host)].filter(([key, value]) => before.get(key) !== value);
    expect(changed.map(([key]) => key).sort()).toEqual(['DOMAIN_NAME', 'SERVICES']);
  });

  it('adds a key that is missing to its section, with a fresh secret, and says which', async () => {
    const host = await setUpMachine();
    const before = host.files.text(ENV_PATH);
    host.seed = 'two';
    replaceEnv(host, (text) => text.replace(/^VALKEY_PASSWORD=.*\n/m, ''));
    const { err } = await succeed(host, setupOf());
    expect(err).toContain('new: VALKEY_PASSWORD');
    const section = host.files
      .text(ENV_PATH)
      ?.split('# === ')
      .find((text) => text.startsWith('Secrets'));
    expect(section).toMatch(/^VALKEY_PASSWORD=[\w-]{40,}$/m);
    expect(host.files.text(ENV_PATH)).not.toBe(before);
  });

  it('leaves comments, blank lines and the order of the owner as they are', async () => {
    const host = await setUpMachine();
    const mine = (text: string): string =>
      `${text.replace('SERVICES=', '# mine: all that I need\nSERVICES=').replace('N8N_PORT=', '\n\nN8N_PORT=')}# the end\n`;
    replaceEnv(host, mine);
    const before = host.files.text(ENV_PATH);
    expect((await succeed(host, setupOf())).changes).toEqual([]);
    await succeed(host, setupOf({ services: ['caddy'] }));
    expect(host.files.text(ENV_PATH)).toBe(before?.replace(/^SERVICES=.*$/m, 'SERVICES=caddy'));
  });

  it('closes a .env that others could read', async () => {
    const host = await setUpMachine();
    host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), mode: 0o644 });
    const { err } = await succeed(host, setupOf());
    expect(err).toContain('others could read it');
    expect(host.files.tree.get(ENV_PATH)?.mode).toBe(0o600);
  });

  it('of a wrong .env names every line that is wrong and keeps the file', async () => {
    const host = await setUpMachine();
    editEnv(host, { N8N_PORT: '80', GRAFANA_PORT: '5000', VECTOR_DB: 'oracle', BASE_DIR: '/' });
    replaceEnv(host, (text) => `${text}SERVCES=caddy\nLOCALHOST=127.0.0.1\n`);
    const before = host.files.text(ENV_PATH);
    const { exit, err, changes } = await runCommand(host, setupOf());
    expect([exit, changes, host.files.text(ENV_PATH)]).toEqual([2, [], before]);
    for (const key of ['N8N_PORT', 'GRAFANA_PORT', 'VECTOR_DB', 'BASE_DIR', 'SERVCES', 'LOCALHOST'])
      expect(err).toContain(key);
    expect(err).toContain('Did you mean SERVICES?');
  });

  it('of a tenant that runs moves no port because of the own containers', async () => {
    const host = await deployedMachine();
    const { err, changes } = await succeed(host, setupOf());
    expect([err, changes]).toEqual(['', []]);
  });
});

describe('a port', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::'])(
    'that %s holds is moved inside the block, and said',
    async (address) => {
      const host = freshMachine();
      take(host, 5002, address);
      const { err } = await succeed(host, setupOf({ services: ['n8n'], vectorDb: 'chroma' }));
      const port = Number(valuesOf(host).get('N8N_PORT'));
      expect(err).toContain(`N8N_PORT moves from 5002 to ${port}: nginx (pid 812) has 5002.`);
      expect(port).toBeGreaterThanOrEqual(5000);
      expect(port).toBeLessThanOrEqual(5099);
      await succeed(host, deployOf());
      expect((await succeed(host, setupOf())).changes).toEqual([]);
    },
  );

  it.each([
    ['its own file', 1278, /N8N_PORT moves from 5002 to \d+: tenant-1278's \.env/],
    ['a file of somebody else', 1001, /^(?![\s\S]*moves)/],
  ])("that a neighbour's .env claims counts when that is %s", async (_what, uid, says) => {
    const host = freshMachine();
    const text = 'LOCALHOST=127.0.0.1\nN8N_PORT=5002\n';
    host.files.put('/mnt/data-tenant-1278/config/.env', { text, uid });
    expect((await succeed(host, setupOf())).err).toMatch(says);
  });

  it('that another address holds stays', async () => {
    const host = freshMachine();
    take(host, 5002, '127.0.1.1');
    await succeed(host, setupOf());
    expect(valuesOf(host).get('N8N_PORT')).toBe('5002');
  });

  it("that a stranger's container publishes is moved", async () => {
    const host = await deployedMachine();
    const spec = host.docker.containers.named('tenant-1001-n8n')?.spec;
    if (spec === undefined) throw new Error('no n8n');
    const ports = [{ address: '0.0.0.0', port: 5010, container: 80 }];
    host.docker.containers.put({ ...spec, name: 'web', labels: {}, ports });
    const { err } = await succeed(host, setupOf());
    expect(err).toMatch(/FLOWISE_PORT moves from 5010 to \d+: .*(web|docker-proxy)/);
  });

  it('is never given twice, however many are taken', async () => {
    const host = freshMachine();
    const taken = Array.from({ length: 87 }, (_, at) => 5000 + at);
    for (const port of taken) take(host, port);
    await succeed(host, setupOf());
    const ports = portsOf(host);
    expect(new Set(ports).size).toBe(PORT_COUNT);
    expect(ports.every((port) => port >= 5087 && port <= 5099)).toBe(true);
  });

  it('that cannot be found in a full block ends the setup with exit 3 before anything is made', async () => {
    const host = freshMachine();
    for (let port = 5000; port <= 5087; port++) take(host, port);
    const { exit, changes, err } = await runCommand(host, setupOf());
    expect([exit, changes, err]).toEqual([3, [], expect.stringContaining('No port is free')]);
  });
});
