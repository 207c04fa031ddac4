import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEMPLATES_DIR } from '../sample.ts';

/** keys.py against a server that keeps keys as LiteLLM does (BerriAI/litellm#20494, #6944, #7552, #26330). */
const MASTER = 'sk-master-0123456789';
const hasPython = (await execa('python3', ['--version'], { reject: false })).exitCode === 0;
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Hash of a key → its alias. */
const keys = new Map<string, string>();
let asked: string[] = [];
let isBroken = false;
let server: Server;
let folder = '';

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function answer(request: IncomingMessage): Promise<[number, object]> {
  const url = new URL(request.url ?? '/', 'http://here');
  asked.push(`${request.method} ${request.url}`);
  const body = await bodyOf(request);
  if (isBroken) return [500, {}];
  if (request.headers.authorization !== `Bearer ${MASTER}`) return [401, {}];
  if (url.pathname === '/key/info') {
    const alias = keys.get(url.searchParams.get('key') ?? '');
    return alias === undefined ? [404, {}] : [200, { info: { key_alias: alias } }];
  }
  const aliases = [...keys.values()];
  if (url.pathname === '/key/delete') {
    const [alias = ''] = body.key_aliases as string[];
    const found = [...keys].find(([, one]) => one === alias);
    if (found !== undefined) keys.delete(found[0]);
    return [found === undefined ? 404 : 200, {}];
  }
  if (aliases.includes(String(body.key_alias))) return [400, {}];
  keys.set(hashOf(String(body.key)), String(body.key_alias));
  return [200, {}];
}

const run = (clients: Readonly<Record<string, string | null>>) => {
  writeFileSync(join(folder, 'clients.json'), JSON.stringify(clients));
  asked = [];
  const { port } = server.address() as AddressInfo;
  return execa('python3', [join(folder, 'keys.py'), `http://127.0.0.1:${port}`], {
    env: { LITELLM_MASTER_KEY_FILE: join(folder, 'master') },
    reject: false,
    all: true,
  });
};

describe.skipIf(!hasPython)('virtual keys', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aiplat-keys-'));
    copyFileSync(join(TEMPLATES_DIR, 'litellm/keys.py'), join(folder, 'keys.py'));
    writeFileSync(join(folder, 'master'), MASTER);
    server = createServer((request, response) => {
      void answer(request).then(([status, value]) => response.writeHead(status).end(JSON.stringify(value)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    keys.clear();
    isBroken = false;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are made with the clients' own secrets as their values", async () => {
    const { exitCode, all } = await run({ openwebui: 'sk-one', n8n: 'sk-two', flowise: null });
    expect([exitCode, all]).toEqual([0, '']);
    expect([...keys]).toEqual([
      [hashOf('sk-one'), 'aiplat-openwebui'],
      [hashOf('sk-two'), 'aiplat-n8n'],
    ]);
  });

  it('stay as they are when it runs again, and nothing is asked but whether they are there', async () => {
    await run({ openwebui: 'sk-one' });
    expect((await run({ openwebui: 'sk-one' })).exitCode).toBe(0);
    expect(asked).toEqual([`GET /key/info?key=${hashOf('sk-one')}`]);
  });

  it('take the place of an earlier one after a rotation', async () => {
    await run({ openwebui: 'sk-one' });
    expect((await run({ openwebui: 'sk-new' })).exitCode).toBe(0);
    expect([...keys]).toEqual([[hashOf('sk-new'), 'aiplat-openwebui']]);
  });

  it('go when their client is switched off', async () => {
    await run({ openwebui: 'sk-one', n8n: 'sk-two' });
    expect((await run({ openwebui: 'sk-one', n8n: null })).exitCode).toBe(0);
    expect([...keys.values()]).toEqual(['aiplat-openwebui']);
  });

  it('stand in no address that is asked, and in no word that it says', async () => {
    const good = await run({ openwebui: 'sk-one' });
    isBroken = true;
    const bad = await run({ openwebui: 'sk-two' });
    expect([asked.join(), good.all, bad.all].join()).not.toMatch(/sk-/);
    expect([bad.exitCode, bad.all]).toEqual([1, '/key/delete answered 500 for the key of openwebui']);
  });
});
