import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineService } from '../../src/catalog/define.ts';
import { withSecretEnv } from '../../src/catalog/environment.ts';
import { docker } from './aiplat.ts';
import { type Lodger, lodge } from './tenant.ts';

/** An application with a database of its own, that keeps its vectors where the tenant has them. */
const client = defineService({
  name: 'open-client',
  title: 'Client',
  summary: 'an application',
  presets: [],
  sources: { embedded: { image: 'postgres', entrypoint: withSecretEnv('sleep infinity') } },
  user: 'tenant',
  env: { HOME: '/tmp', DATABASE_URL: '{{databaseUrl.client}}' },
  databases: [{ name: 'client' }, { name: 'client_vectors', extensions: ['vector'], forVectors: true }],
  vectorEnv: {
    qdrant: {},
    pgvector: { VECTORS: '{{databaseUrl.client_vectors}}' },
    weaviate: {},
    chroma: { VECTORS: 'http://chroma:8000/api/v2/tenants/{{tenant.name}}/databases/{{tenant.name}}' },
    milvus: {},
  },
  health: { test: ['CMD', 'true'], startPeriodMs: 1000 },
  limits: { memoryMb: 256, cpus: 1, pids: 64 },
  licence: 'MIT',
});

/** In the client, with the environment that it has. */
const inClient = (tenant: Lodger, script: string): Promise<string> =>
  tenant.inside('open-client', 'sh', '-c', `set -a; . /run/secrets/environment; ${script}`);

const sql = (tenant: Lodger, statement: string, url = '"$VECTORS"'): Promise<string> =>
  inClient(tenant, `PGCONNECT_TIMEOUT=3 psql -X -w -q -t -A -d ${url} -c "${statement}"`);

const curl = (tenant: Lodger, path: string, body?: object, base = '$VECTORS'): Promise<string> =>
  inClient(
    tenant,
    `curl -sS --max-time 3 -H 'Content-Type: application/json' ${
      body === undefined ? '' : `-d '${JSON.stringify(body)}'`
    } "${base}${path}"`,
  );

const containerId = async (tenant: Lodger, service: string): Promise<string> =>
  (await docker.getContainer(`${tenant.name}-${service}`).inspect()).Id;

/** Both tenants deploy, one after the other: the second finds the images of the first. */
const lodgeBoth = async (uids: readonly [number, number], vectorDb: string): Promise<[Lodger, Lodger]> => {
  const both = await Promise.all(uids.map((uid) => lodge(uid, vectorDb, client)));
  for (const tenant of both) await tenant.deploy();
  return both as [Lodger, Lodger];
};

describe('vectors in PostgreSQL', () => {
  let one: Lodger;
  let other: Lodger;

  beforeAll(async () => {
    [one, other] = await lodgeBoth([1051, 1052], 'pgvector');
  });
  afterAll(async () => {
    await Promise.all([one, other].map((tenant) => tenant?.remove()));
  });

  it('are written and read by each tenant alone', async () => {
    for (const tenant of [one, other]) {
      const made = await sql(
        tenant,
        `CREATE TABLE items (name text, place vector(3)); INSERT INTO items VALUES ('${tenant.name}', '[1,2,3]'), ('far', '[9,9,9]')`,
      );
      expect(made).toBe('0');
    }
    for (const tenant of [one, other])
      expect(await sql(tenant, `SELECT name FROM items ORDER BY place <-> '[1,2,2]' LIMIT 1`)).toBe(
        `0 ${tenant.name}`,
      );
  });

  it('need no deploy a second time', async () => {
    expect(await one.deploy()).toEqual([]);
  });

  it('lie in a database whose role reaches no other and rules nothing', async () => {
    expect(await sql(one, 'SELECT current_database(), current_user')).toBe(
      '0 tenant_1051_client_vectors|tenant_1051_open_client',
    );
    for (const database of ['postgres', 'template1', 'tenant_1051']) {
      const url = `$(printf %s "$VECTORS" | sed 's,/[^/]*$,/${database},')`;
      expect(await sql(one, 'SELECT 1', url)).toContain(`permission denied for database "${database}"`);
    }
    expect(await sql(one, 'CREATE ROLE mine SUPERUSER')).toContain('permission denied');
    expect(await sql(one, 'CREATE DATABASE mine')).toContain('permission denied');
    expect(await sql(one, "SELECT pg_read_file('/etc/hostname')")).toContain('permission denied');
    expect(await sql(one, 'CREATE EXTENSION vector', '"$DATABASE_URL"')).toContain('permission denied');
    expect(await sql(one, 'CREATE EXTENSION IF NOT EXISTS vector')).toMatch(/^0/);
  });

  it('refuse the key of the other tenant, and the other way round', async () => {
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
    ] as const) {
      const role = `${mine.name.replace('-', '_')}_open_client`;
      const url = `postgresql://${role}:${theirs.secret('OPEN_CLIENT_DB_PASSWORD')}@postgres/client`;
      expect(await sql(mine, 'SELECT 1', url)).toContain('password authentication failed');
    }
  });

  it('are on a server that the other tenant does not reach, and its own does', async () => {
    const address = await other.addressOf('postgres');
    const url = `$(printf %s "$VECTORS" | sed 's,@postgres:,@${address}:,')`;
    expect(await sql(other, 'SELECT 42', url)).toBe('0 42');
    expect(await sql(one, 'SELECT 42', url)).toContain('timeout expired');
  });

  it('stay when the containers are made anew', async () => {
    for (const service of ['open-client', 'postgres'])
      await docker.getContainer(await containerId(one, service)).remove({ force: true });
    expect((await one.deploy()).some((line) => line.startsWith('align data'))).toBe(true);
    expect(await sql(one, 'SELECT count(*) FROM items')).toBe('0 2');
  });

  it('stay behind a new password, and the server goes on meanwhile', async () => {
    const server = await containerId(one, 'postgres');
    const old = await inClient(one, 'echo "$VECTORS"').then((text) => text.slice(2));
    one.edit((env) => env.replace(/^OPEN_CLIENT_DB_PASSWORD=.*$/m, 'OPEN_CLIENT_DB_PASSWORD=b~y/han+d=1'));
    await one.deploy();
    expect(await sql(one, 'SELECT count(*) FROM items')).toBe('0 2');
    expect(await sql(one, 'SELECT 1', `'${old}'`)).toContain('password authentication failed');
    expect(await containerId(one, 'postgres')).toBe(server);
    expect(await one.deploy()).toEqual([]);
  });

  it('leave their passwords in no log and no setting of a container', async () => {
    for (const service of ['postgres', 'open-client']) {
      const container = docker.getContainer(await containerId(other, service));
      const log = await container.logs({ stdout: true, stderr: true, follow: false });
      const settings = JSON.stringify(await container.inspect());
      for (const text of [log.toString(), settings])
        expect(text).not.toContain(other.secret('OPEN_CLIENT_DB_PASSWORD'));
    }
  });

  it('come back from a dump with their databases, their roles and the password of now', async () => {
    const { postgres } = await import('../../src/catalog/services/postgres.ts');
    if (postgres.backup?.how !== 'dumped') throw new Error('PostgreSQL is dumped');
    const insert = (words: readonly string[]) =>
      words.map((word) => word.replace('{{file}}', '/tmp/dump.sql'));
    expect(await other.inside('postgres', ...insert(postgres.backup.dump))).toBe('0');
    await other.inside(
      'postgres',
      'psql',
      '-U',
      'postgres',
      '-c',
      'DROP DATABASE tenant_1052_client_vectors WITH (FORCE)',
    );
    await other.inside(
      'postgres',
      'psql',
      '-U',
      'postgres',
      '-c',
      "ALTER ROLE tenant_1052_open_client PASSWORD 'gone'",
    );
    expect(await sql(other, 'SELECT 1')).toMatch(/does not exist|authentication failed/);
    expect(await other.inside('postgres', ...insert(postgres.backup.load))).toMatch(/^0/);
    expect(await sql(other, 'SELECT count(*) FROM items')).toBe('0 2');
    expect(await sql(other, 'SELECT 1', `$(printf %s "$VECTORS" | sed 's,/[^/]*$,/postgres,')`)).toContain(
      'permission denied for database',
    );
  });
});

describe('vectors in Chroma', () => {
  let one: Lodger;
  let other: Lodger;

  beforeAll(async () => {
    [one, other] = await lodgeBoth([1053, 1054], 'chroma');
  });
  afterAll(async () => {
    await Promise.all([one, other].map((tenant) => tenant?.remove()));
  });

  const nearest = async (tenant: Lodger): Promise<string> => {
    const [, found = ''] = /^0 (.*)$/s.exec(await curl(tenant, '/collections')) ?? [];
    const [{ id }] = JSON.parse(found) as [{ id: string }];
    return curl(tenant, `/collections/${id}/query`, { query_embeddings: [[1, 2, 2]], n_results: 1 });
  };

  it('are written and read by each tenant alone, in a database of its name', async () => {
    for (const tenant of [one, other]) {
      const made = await curl(tenant, '/collections', { name: `${tenant.name}_items` });
      const { id } = JSON.parse(made.slice(2)) as { id: string };
      const ids = [tenant.name, 'far'];
      const embeddings = [
        [1, 2, 3],
        [9, 9, 9],
      ];
      expect(await curl(tenant, `/collections/${id}/add`, { ids, embeddings, documents: ids })).toMatch(/^0/);
    }
    for (const tenant of [one, other]) expect(await nearest(tenant)).toContain(`"ids":[["${tenant.name}"]]`);
    expect(await curl(one, '/collections')).not.toContain(other.name);
  });

  it('need no deploy a second time', async () => {
    expect(await one.deploy()).toEqual([]);
  });

  it('are on a server that the other tenant does not reach, and its own does', async () => {
    const base = `http://${await other.addressOf('chroma')}:8000/api/v2`;
    expect(await curl(other, '/heartbeat', undefined, base)).toContain('heartbeat');
    expect(await curl(one, '/heartbeat', undefined, base)).toMatch(/^28 .*timed out/s);
  });

  it('stay when the containers are made anew', async () => {
    await docker.getContainer(await containerId(one, 'chroma')).remove({ force: true });
    await one.deploy();
    expect(await nearest(one)).toContain(`"ids":[["${one.name}"]]`);
  });

  it('are behind no key: one that is sent opens as little as none closes', async () => {
    expect(await inClient(one, `curl -sS -H 'Authorization: Bearer ${'x'.repeat(20)}' "$VECTORS"`)).toContain(
      one.name,
    );
  });
});
