import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { rotate } from '../../src/commands/ops/rotate.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
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
import { goOn, runCommand } from '../fake/process.ts';

const KEY = 'LITELLM_DB_PASSWORD';
const ROLE = 'tenant_1001_litellm';
const ROOMY = { quota: { cpuWeight: 100, ioWeight: 100, memoryMb: 65_536, pids: 32_768 } };

const rotateOf =
  (key: string): ((context: Context) => Promise<void>) =>
  (context) =>
    rotate(context, key, { tenant: TENANT });

const secretOf = (host: FakeHost, key: string): string =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(host.files.text(ENV_PATH) ?? '')?.[1] ?? '';

const clusterOf = (host: FakeHost) => host.docker.containers.clusters.get(`${BASE_DIR}/data/postgres`);

/** LiteLLM, which keeps everything in PostgreSQL; whatever is drawn from now on is new. */
async function withLitellm(vectorDb = 'chroma', ...more: string[]): Promise<FakeHost> {
  const host = freshMachine(ROOMY);
  await succeed(host, setupOf({ services: ['caddy', 'litellm', ...more], vectorDb }));
  await succeed(host, deployOf());
  host.seed = 'later';
  return host;
}

describe('a service that needs PostgreSQL', () => {
  it('finds its database, made for the role whose password it has', async () => {
    const host = await withLitellm();
    expect([...(clusterOf(host)?.databases.keys() ?? [])]).toEqual([ROLE]);
    expect(clusterOf(host)?.roles.get(ROLE)).toBe(secretOf(host, KEY));
    const environment = host.docker.containers
      .named(`${TENANT}-litellm`)
      ?.loaded.get('/run/secrets/environment');
    expect(environment).toContain(`@postgres:5432/${ROLE}'`);
  });

  it('is started after that', async () => {
    const host = freshMachine(ROOMY);
    await succeed(host, setupOf({ services: ['litellm'] }));
    const { changes } = await succeed(host, deployOf());
    const at = (change: string): number => changes.findIndex((one) => one.startsWith(change));
    expect(at(`start ${TENANT}-postgres`)).toBeGreaterThan(-1);
    expect(at(`statements in ${TENANT}-postgres`)).toBeGreaterThan(at(`start ${TENANT}-postgres`));
    expect(at(`start ${TENANT}-litellm`)).toBeGreaterThan(at(`statements in ${TENANT}-postgres`));
  });

  it('has another database for its vectors while they are in PostgreSQL', async () => {
    const host = await withLitellm('pgvector', 'openwebui');
    expect(clusterOf(host)?.databases.get('tenant_1001_openwebui_vectors')).toEqual({
      owner: 'tenant_1001_openwebui',
      extensions: new Set(['vector']),
    });
  });

  it('gets a new password without a restart of PostgreSQL', async () => {
    const host = await withLitellm();
    const server = host.docker.containers.named(`${TENANT}-postgres`)?.id;
    const { changes, out, err } = await succeed(host, rotateOf(KEY));
    expect(clusterOf(host)?.roles.get(ROLE)).toBe(secretOf(host, KEY));
    expect(host.docker.containers.named(`${TENANT}-postgres`)?.id).toBe(server);
    expect(changes.filter((change) => change.startsWith('create '))).toEqual([`create ${TENANT}-litellm`]);
    expect(out + err).not.toContain(secretOf(host, KEY));
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('keeps its database when the password of PostgreSQL itself changes', async () => {
    const host = await withLitellm();
    await succeed(host, rotateOf('POSTGRES_PASSWORD'));
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('gets it again when the data of PostgreSQL is new', async () => {
    const host = await withLitellm();
    const { containers } = host.docker;
    containers.all = containers.all.filter(({ name }) => name !== `${TENANT}-postgres`);
    containers.clusters.clear();
    await succeed(host, deployOf());
    expect(clusterOf(host)?.roles.get(ROLE)).toBe(secretOf(host, KEY));
  });

  it('is not started when its database cannot be made, and the next deploy tries again', async () => {
    const host = freshMachine(ROOMY);
    await succeed(host, setupOf({ services: ['litellm'] }));
    host.docker.containers.refusesNewPassword = true;
    expect((await runCommand(host, deployOf())).exit).toBe(1);
    expect(host.docker.containers.named(`${TENANT}-litellm`)).toBeUndefined();
    host.docker.containers.refusesNewPassword = false;
    await succeed(host, deployOf());
    expect(clusterOf(host)?.roles.get(ROLE)).toBe(secretOf(host, KEY));
  });

  it.each<[Moment]>([['before'], ['after']])(
    'has the password of the .env, however early a rotation is killed: right %s any of its changes',
    async (moment) => {
      for (let n = 1, survived = false; !survived; n++) {
        const host = await withLitellm();
        host.startProcess();
        host.killAt(n, moment);
        survived = (await goOn(host, rotateOf(KEY))).exit === 0;
        await succeed(host, deployOf());
        expect([n, clusterOf(host)?.roles.get(ROLE)]).toEqual([n, secretOf(host, KEY)]);
        expect([n, (await succeed(host, deployOf())).changes]).toEqual([n, []]);
      }
    },
  );

  it('gets the key of its data back when the .env has lost it', async () => {
    const host = await withLitellm();
    host.files.put(`${BASE_DIR}/data/postgres/18/docker/rows`, {
      text: 'keys',
      uid: 1001,
      gid: 1001,
      mode: 0o600,
    });
    const old = secretOf(host, 'LITELLM_SALT_KEY');
    const text = (host.files.text(ENV_PATH) ?? '').replace(/^LITELLM_SALT_KEY=.*\n/m, '');
    host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), text });
    await succeed(host, setupOf());
    expect(secretOf(host, 'LITELLM_SALT_KEY')).toBe(old);
  });
});

describe('a client of vectors', () => {
  it('whose vectors are in PostgreSQL leaves them there, though PostgreSQL goes on for others', async () => {
    const host = await withLitellm('pgvector', 'openwebui');
    host.files.put(`${BASE_DIR}/data/postgres/18/docker/rows`, {
      text: 'vectors',
      uid: 1001,
      gid: 1001,
      mode: 0o600,
    });
    editEnv(host, { VECTOR_DB: 'qdrant' });
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([2, []]);
    expect(err).toContain(`What pgvector holds stays in ${BASE_DIR}/data/postgres`);
    await succeed(host, deployOf({ confirm: TENANT }));
    expect(host.docker.containers.healthOf(`${TENANT}-qdrant`)).toBe('healthy');
    expect(host.docker.containers.healthOf(`${TENANT}-postgres`)).toBe('healthy');
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('that cannot use the chosen database is started with a warning', async () => {
    const host = freshMachine(ROOMY);
    await succeed(host, setupOf({ services: ['dify'], vectorDb: 'chroma' }));
    const { err } = await runCommand(host, deployOf());
    expect(err.split('Dify does not understand Chroma 1.x yet')).toHaveLength(2);
  });
});
