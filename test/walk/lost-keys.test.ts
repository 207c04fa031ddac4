import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  buildOf,
  deployedMachine,
  deployOf,
  ENV_PATH,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  teardownOf,
} from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const DATA = `${BASE_DIR}/data/n8n`;
const RENDERED = '/var/lib/aiplat/tenants/tenant-1001/rendered/n8n';

const keyIn = (host: FakeHost): string | undefined =>
  /^N8N_ENCRYPTION_KEY=(.+)$/m.exec(host.files.text(ENV_PATH) ?? '')?.[1];

/** n8n runs and has written something. */
async function usedMachine(): Promise<FakeHost> {
  const host = await deployedMachine();
  host.files.put(`${DATA}/database.sqlite`, { text: 'flows' });
  return host;
}

const loseEnv = ({ files }: FakeHost): void => {
  files.tree.delete(ENV_PATH);
};

function loseKey({ files }: FakeHost): void {
  const text = (files.text(ENV_PATH) ?? '').replace(/^N8N_ENCRYPTION_KEY=.*\n/m, '');
  files.put(ENV_PATH, { ...files.tree.get(ENV_PATH), text });
}

/** Whatever is drawn from now on is another value than before. */
const otherRandom = (host: FakeHost): void => {
  host.seed = 'another';
};

describe.each([
  ['the whole .env', loseEnv],
  ['the key in it', loseKey],
])('a tenant that lost %s', (_what, lose) => {
  it('gets the key of its data back from the files of the container, and setup says so', async () => {
    const host = await usedMachine();
    const old = keyIn(host);
    lose(host);
    otherRandom(host);
    const { out } = await succeed(host, setupOf({ dryRun: true }));
    expect(out).toContain(
      'put back, because data needs it, from the files of its container: N8N_ENCRYPTION_KEY',
    );
    await succeed(host, setupOf({ services: ['caddy', 'n8n'] }));
    expect(keyIn(host)).toBe(old);
  });

  it('and has no container any more is told what is missing, and nothing is touched: exit 3', async () => {
    const host = await usedMachine();
    await succeed(host, teardownOf());
    lose(host);
    for (const dryRun of [true, false]) {
      const { exit, changes, err } = await runCommand(host, setupOf({ dryRun }));
      expect([exit, changes]).toEqual([3, []]);
      for (const word of [
        'N8N_ENCRYPTION_KEY',
        DATA,
        ENV_PATH,
        'aiplat teardown --tenant tenant-1001 --delete-data',
      ])
        expect(err).toContain(word);
    }
  });

  it('and whose containers had several is not given one of them by chance: exit 3, without a value', async () => {
    const host = await usedMachine();
    host.files.put(`${RENDERED}/0123456789ab/secrets/N8N_ENCRYPTION_KEY`, { text: 'a-key-of-earlier' });
    lose(host);
    const { exit, changes, err } = await runCommand(host, setupOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('2 different values');
    expect(err).not.toContain('a-key-of-earlier');
  });

  it('but has no data of that service gets a new one', async () => {
    const host = await deployedMachine();
    await succeed(host, teardownOf());
    lose(host);
    await succeed(host, setupOf());
    expect(keyIn(host)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gets a new one after its data was deleted on purpose', async () => {
    const host = await usedMachine();
    await succeed(host, teardownOf({ deleteData: true, confirm: 'tenant-1001' }));
    host.files.put(BASE_DIR);
    await succeed(host, setupOf());
    expect(keyIn(host)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('data that lies on the volume of a new tenant', () => {
  it('is noticed, whoever made it', async () => {
    const host = freshMachine();
    host.files.put(`${BASE_DIR}/data/flowise/.flowise/database.sqlite`, { text: 'flows' });
    const { exit, err } = await runCommand(host, setupOf());
    expect([exit, err]).toEqual([3, expect.stringContaining('FLOWISE_SECRETKEY')]);
  });

  it('of a database that can be told a new password needs no old one', async () => {
    const host = await setUpMachine();
    await succeed(host, setupOf({ vectorDb: 'pgvector' }));
    await succeed(host, deployOf());
    host.files.put(`${BASE_DIR}/data/postgres/18/docker/PG_VERSION`, { text: '18' });
    await succeed(host, teardownOf());
    loseEnv(host);
    otherRandom(host);
    await succeed(host, setupOf({ vectorDb: 'pgvector' }));
    await succeed(host, buildOf());
    await succeed(host, deployOf());
    const now = /^POSTGRES_PASSWORD=(.+)$/m.exec(host.files.text(ENV_PATH) ?? '')?.[1];
    expect(host.docker.containers.passwords.get(`${BASE_DIR}/data/postgres`)).toBe(now);
  });
});
