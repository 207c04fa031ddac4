import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { llamacpp } from '../../src/catalog/services/llamacpp.ts';
import { containersOf, type Installation, install, sweep } from './aiplat.ts';

/** Without a registry llama.cpp's server is the model server: real clients ask it, by what their credentials say. */
const TENANT = 'tenant-1046';
let here: Installation;

beforeAll(async () => {
  here = await install();
  const { exitCode, stderr } = await here.aiplat(
    'setup',
    '--tenant',
    TENANT,
    '--services',
    'n8n,llamacpp',
    '--vector-db',
    'chroma',
  );
  expect(exitCode, stderr).toBe(0);
});
afterAll(() => sweep(here, [TENANT]));

async function deployed(): Promise<void> {
  const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--timeout', '300');
  expect(exitCode, stderr).toBe(0);
}

/** Value of a row of `ops credentials`. */
async function credential(service: string, what: string): Promise<string> {
  const { stdout } = await here.aiplat('ops', 'credentials', '--tenant', TENANT, '--json');
  const { credentials } = JSON.parse(stdout) as {
    credentials: { service: string; what: string; value: string }[];
  };
  return credentials.find((row) => row.service === service && row.what === what)?.value ?? '';
}

/** From inside of n8n's container, as it would ask itself. */
async function askFromN8n(key: string | undefined): Promise<{ status: string; body: string }> {
  const url = await credential('n8n', 'address of models');
  const header = key === undefined ? '' : `header = "Authorization: Bearer ${key}"\n`;
  const { stdout } = await execa(
    'docker',
    ['exec', '-i', `${TENANT}-n8n`, 'curl', '-s', '-w', '\n%{http_code}', '-K', '-', `${url}/models`],
    { input: header, reject: false },
  );
  const lines = stdout.split('\n');
  return { status: lines.pop() ?? '', body: lines.join('\n') };
}

const startedAt = async (service: string): Promise<string | undefined> =>
  (await containersOf(TENANT)).find(({ Labels }) => Labels['aiplat.service'] === service)?.Id;

describe('a client on a host without a registry', () => {
  it('reaches the model server by the address and with the key that its credentials show', async () => {
    await deployed();
    const { status, body } = await askFromN8n(await credential('n8n', 'key for models'));
    expect([status, JSON.parse(body)]).toEqual(['200', expect.objectContaining({ data: [] })]);
  });

  it.each([
    ['no key', undefined],
    ['a key of somebody else', 'sk-somebody-else'],
  ])('is sent away with %s', async (_, key) => {
    expect((await askFromN8n(key)).status).toBe('401');
  });

  it('is what verify finds: the lock opens with its own key alone', async () => {
    const inside = async (command: readonly string[] = []) =>
      (await execa('docker', ['exec', `${TENANT}-llamacpp`, ...command], { reject: false })).exitCode;
    expect(await inside(llamacpp.lock?.withKey)).toBe(0);
    expect(await inside(llamacpp.lock?.withoutKey)).toBe(22);
  });

  it('finds a model there after its file came and a deploy, which says so once', async () => {
    const folder = join(here.dir, `mnt/data-${TENANT}/data/llamacpp`);
    await writeFile(join(folder, 'mine.gguf'), 'GGUF');
    const before = await startedAt('llamacpp');
    await deployed();
    expect(await startedAt('llamacpp')).not.toBe(before);
    const { body } = await askFromN8n(await credential('n8n', 'key for models'));
    expect(body).toContain('"mine"');
    const again = await here.aiplat('deploy', '--tenant', TENANT);
    expect(again.stdout).toContain('Nothing to do');
  });

  it('is listed what lies there, and has it no more when it was removed', async () => {
    const list = await here.aiplat('ops', 'models', 'list', '--tenant', TENANT, '--json');
    expect(JSON.parse(list.stdout)).toMatchObject({
      models: [{ server: 'llamacpp', name: 'mine', sizeBytes: 4 }],
    });
    const { exitCode, stderr } = await here.aiplat('ops', 'models', 'remove', 'mine', '--tenant', TENANT);
    expect(exitCode, stderr).toBe(0);
    const { body } = await askFromN8n(await credential('n8n', 'key for models'));
    expect(body).not.toContain('mine');
  });

  it('has another key after a rotation, and the old one is worth nothing', async () => {
    const old = await credential('n8n', 'key for models');
    const { exitCode, stderr } = await here.aiplat(
      'ops',
      'credentials',
      '--tenant',
      TENANT,
      '--rotate',
      'N8N_MODEL_KEY',
    );
    expect(exitCode, stderr).toBe(0);
    expect((await askFromN8n(old)).status).toBe('401');
    expect((await askFromN8n(await credential('n8n', 'key for models'))).status).toBe('200');
  });
});
