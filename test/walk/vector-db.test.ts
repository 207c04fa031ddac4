import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setupOf,
  succeed,
  TENANT,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const CHROMA_FILE = `${BASE_DIR}/data/chroma/chroma.sqlite3`;

/** A tenant whose Chroma holds something, or nothing. */
async function withChroma(holds = true, services = ['caddy', 'n8n']): Promise<FakeHost> {
  const host = freshMachine();
  await succeed(host, setupOf({ services, vectorDb: 'chroma' }));
  await succeed(host, deployOf());
  if (holds) host.files.put(CHROMA_FILE, { text: 'vectors', uid: 1001, gid: 1001, mode: 0o600 });
  return host;
}

const envOf = (host: FakeHost, key: string): string | undefined =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(host.files.text(ENV_PATH) ?? '')?.[1];

const isThere = (host: FakeHost, service: string): boolean =>
  host.docker.containers.named(`${TENANT}-${service}`) !== undefined;

describe('another vector database for a tenant with data', () => {
  it('is refused by setup until somebody means it, and the answer says what stays behind', async () => {
    const host = await withChroma();
    const before = host.files.text(ENV_PATH);
    const { exit, err } = await runCommand(host, setupOf({ vectorDb: 'qdrant' }));
    expect(exit).toBe(2);
    expect(err).toContain(`What chroma holds stays in ${BASE_DIR}/data/chroma and is not carried over`);
    expect(err).toContain('--confirm tenant-1001');
    expect(host.files.text(ENV_PATH)).toBe(before);
  });

  it('is agreed to once: setup asks, and the deploy after it does not', async () => {
    const host = await withChroma();
    await succeed(host, setupOf({ vectorDb: 'qdrant', confirm: TENANT }));
    await succeed(host, deployOf());
    expect([isThere(host, 'chroma'), isThere(host, 'qdrant')]).toEqual([false, true]);
    expect(host.files.text(CHROMA_FILE)).toBe('vectors');
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('in an edited .env is refused by deploy until somebody means it', async () => {
    const host = await withChroma();
    editEnv(host, { VECTOR_DB: 'weaviate' });
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toContain('weaviate begins empty');
    expect(err).toContain('VECTOR_DB=chroma');
    await succeed(host, deployOf({ confirm: TENANT }));
    expect([isThere(host, 'chroma'), isThere(host, 'weaviate')]).toEqual([false, true]);
    expect(host.files.text(CHROMA_FILE)).toBe('vectors');
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('is asked about again when it is changed back: an answer is for one change', async () => {
    const host = await withChroma();
    editEnv(host, { VECTOR_DB: 'qdrant' });
    await succeed(host, deployOf({ confirm: TENANT }));
    host.files.put(`${BASE_DIR}/data/qdrant/segment`, { text: 'more', uid: 1001, gid: 1001, mode: 0o600 });
    editEnv(host, { VECTOR_DB: 'chroma' });
    expect((await runCommand(host, deployOf())).exit).toBe(2);
    await succeed(host, deployOf({ confirm: TENANT }));
    editEnv(host, { VECTOR_DB: 'qdrant' });
    host.files.put(CHROMA_FILE, { text: 'vectors', uid: 1001, gid: 1001, mode: 0o600 });
    expect((await runCommand(host, deployOf())).exit).toBe(2);
  });

  it.each([
    ['setup', setupOf({ vectorDb: 'qdrant', confirm: 'tenant-1002' })],
    ['deploy', deployOf({ confirm: 'tenant-1002' })],
  ])('is not agreed to with the name of another tenant: %s', async (_what, work) => {
    const { exit, changes } = await runCommand(await withChroma(), work);
    expect([exit, changes]).toEqual([2, []]);
  });

  it('is shown with --dry-run, and nothing is asked', async () => {
    const host = await withChroma();
    const shown = await succeed(host, setupOf({ vectorDb: 'qdrant', dryRun: true }));
    expect(shown.err).toContain('is not carried over');
    expect(shown.out).toMatch(/write file +\S+config\/vector-db +agreed: qdrant instead of chroma/);
    editEnv(host, { VECTOR_DB: 'qdrant' });
    const deployed = await succeed(host, deployOf({ dryRun: true }));
    expect([deployed.changes, shown.changes]).toEqual([[], []]);
    expect(deployed.err).toContain('is not carried over');
  });
});

describe('another vector database for a tenant without data', () => {
  it('needs nobody to agree', async () => {
    const host = await withChroma(false);
    await succeed(host, setupOf({ vectorDb: 'pgvector' }));
    await succeed(host, deployOf());
    expect([isThere(host, 'chroma'), isThere(host, 'postgres')]).toEqual([false, true]);
  });

  it('takes the former one out of SERVICES, so that not both run', async () => {
    const host = await withChroma(false, ['caddy', 'chroma', 'n8n']);
    await succeed(host, setupOf({ vectorDb: 'milvus' }));
    expect(envOf(host, 'SERVICES')).toBe('caddy,n8n');
    await succeed(host, deployOf());
    expect([isThere(host, 'chroma'), isThere(host, 'milvus')]).toEqual([false, true]);
  });

  it('keeps it there for whoever names it again, and PostgreSQL in any case', async () => {
    const both = await withChroma(false, ['caddy', 'chroma']);
    await succeed(both, setupOf({ vectorDb: 'qdrant', services: ['caddy', 'chroma'] }));
    expect(envOf(both, 'SERVICES')).toBe('caddy,chroma');
    const host = freshMachine();
    await succeed(host, setupOf({ services: ['caddy', 'postgres'], vectorDb: 'pgvector' }));
    await succeed(host, setupOf({ vectorDb: 'chroma' }));
    expect(envOf(host, 'SERVICES')).toBe('caddy,postgres');
  });
});

describe('a host with embedded images', () => {
  it.each(['qdrant', 'weaviate', 'milvus'])('has no %s, and says so: exit 2', async (vectorDb) => {
    const host = freshMachine({ images: 'embedded' });
    const { exit, err, changes } = await runCommand(host, setupOf({ vectorDb }));
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toContain(`${vectorDb} is not to be had on this host`);
  });

  it('says so as well when the .env asks for it', async () => {
    const host = freshMachine({ images: 'embedded' });
    await succeed(host, setupOf({ services: ['caddy'] }));
    editEnv(host, { VECTOR_DB: 'qdrant' });
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([2, expect.stringContaining('qdrant: not to be had on this host')]);
  });
});
