import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/catalog.ts';
import { databasesOf, needsOf, ownerOfDatabase } from '../../src/catalog/databases.ts';
import { defineService } from '../../src/catalog/define.ts';
import { environmentText, openEnv, secretEnv } from '../../src/catalog/environment.ts';
import { className, databaseName, slug, tenantName } from '../../src/tenant/names.ts';
import { FIRST_UID, LAST_UID } from '../../src/tenant/numbers.ts';
import { CLIENT } from './client.ts';

const client = defineService(CLIENT);
const vectorDb = (name: string) => [...catalog.values()].find((entry) => entry.vectorDb === name);

describe('a service with databases of its own', () => {
  it('has one password for its role', () => {
    expect(client.secrets).toEqual([{ key: 'OPEN_CLIENT_DB_PASSWORD', format: 'token', identity: false }]);
  });

  it('has those for vectors only while they are in PostgreSQL', () => {
    expect(databasesOf(client, 'pgvector').map(({ name }) => name)).toEqual(['client', 'client_vectors']);
    expect(databasesOf(client, 'chroma').map(({ name }) => name)).toEqual(['client']);
  });

  it('waits for PostgreSQL and for the vector database', () => {
    expect(needsOf(client, vectorDb('pgvector'))).toEqual(['valkey', 'postgres']);
    expect(needsOf(client, vectorDb('chroma'))).toEqual(['valkey', 'postgres', 'chroma']);
    expect(needsOf(defineService({ ...CLIENT, databases: [] }), undefined)).toEqual(['valkey']);
  });

  it('is found by the name of a database', () => {
    const all = new Map([[client.name, client]]);
    expect(ownerOfDatabase(all, 'client_vectors')).toBe(client);
    expect(ownerOfDatabase(all, 'other')).toBeUndefined();
  });
});

describe('an environment that holds secrets', () => {
  it('is split: the settings of the container hold none', () => {
    expect(openEnv(client, 'pgvector')).toEqual({ HOME: '/tmp', VECTOR_DB: 'pgvector' });
    expect(secretEnv(client, 'pgvector')).toEqual({
      DATABASE_URL: '{{databaseUrl.client}}',
      PGVECTOR_URL: '{{databaseUrl.client_vectors}}',
    });
  });

  it('has its file with every vector database when it has it with one', () => {
    const { DATABASE_URL: _url, ...env } = CLIENT.env ?? {};
    const lean = defineService({ ...CLIENT, env });
    expect(secretEnv(lean, 'chroma')).toEqual({});
    expect(secretEnv(defineService({ ...CLIENT, env, vectorEnv: undefined }), 'chroma')).toBeUndefined();
  });

  it('is written so that a shell changes no letter of it', () => {
    expect(environmentText({ A: 'x $(id) `id` "q"', B: "it's" })).toBe(
      `A='x $(id) \`id\` "q"'\nB='it'\\''s'\n`,
    );
  });
});

describe('the names of a tenant in databases', () => {
  const uids = Array.from({ length: LAST_UID - FIRST_UID + 1 }, (_, at) => FIRST_UID + at);
  const tenants = uids.map(tenantName);

  it.each([
    ['PostgreSQL', (tenant: string) => databaseName(tenant, 'a'.repeat(49)), /^[a-z_][a-z0-9_]{0,62}$/],
    ['Milvus', slug, /^[A-Za-z_][A-Za-z0-9_]{0,254}$/],
    ['Weaviate', className, /^[A-Z][_0-9A-Za-z]{0,254}$/],
    ['Qdrant', (tenant: string) => tenant, /^[^/\\:*?"<>|]{1,255}$/],
    ['Chroma', (tenant: string) => tenant, /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]$/],
  ] as const)('are legal in %s and differ for all UIDs', (_engine, nameOf, legal) => {
    const names = tenants.map(nameOf);
    expect(names.filter((name) => !legal.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(uids.length);
  });

  it('are no beginning of each other, with what stands behind them', () => {
    expect(className('tenant-10010').startsWith(`${className('tenant-1001')}_`)).toBe(false);
    expect(databaseName('tenant-1001', 'open-webui')).toBe('tenant_1001_open_webui');
  });
});
