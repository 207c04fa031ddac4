import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEMPLATES_DIR } from './sample.ts';

const run = promisify(execFile);

/** What Milvus answers (RESTful API v2): 0 is well, and only the old password opens the way to a new one. */
class Imitation {
  password = 'first-password';
  readonly databases = ['default'];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => {
        const isIn = request.headers.authorization === `Bearer root:${this.password}`;
        const verb = request.url?.split('/vectordb/')[1] ?? '';
        response.end(isIn ? this.#answer(verb, JSON.parse(text) as Record<string, string>) : '{"code":1800}');
      });
    });
  }

  listen = (): Promise<number> =>
    new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port));
    });
  close = (): void => void this.#server.close();

  #answer(verb: string, body: Record<string, string>): string {
    if (verb === 'users/update_password') {
      if (body.userName !== 'root' || body.password !== this.password) return '{"code":1400}';
      this.password = body.newPassword ?? '';
    }
    if (verb === 'databases/create') {
      if (this.databases.includes(body.dbName ?? '')) return '{"code":65535}';
      this.databases.push(body.dbName ?? '');
    }
    return JSON.stringify({ code: 0, data: this.databases });
  }
}

describe('bringing the data of Milvus in line with its password', () => {
  let milvus: Imitation;
  let folder: string;
  let align: () => Promise<number>;

  beforeEach(async () => {
    milvus = new Imitation();
    folder = mkdtempSync(join(tmpdir(), 'aiplat-milvus-'));
    const script = readFileSync(join(TEMPLATES_DIR, 'milvus/align.sh'), 'utf8')
      .replaceAll('127.0.0.1:19530', `127.0.0.1:${await milvus.listen()}`)
      .replaceAll('/var/lib/milvus', folder)
      .replaceAll('{{tenant.slug}}', 'tenant_1001');
    const env = { PATH: process.env.PATH, MILVUS_ROOT_PASSWORD_FILE: join(folder, 'secret') };
    align = () =>
      run('sh', ['-c', script], { env }).then(
        () => 0,
        (thrown: { code: number }) => thrown.code,
      );
  });
  afterEach(() => {
    milvus.close();
    rmSync(folder, { recursive: true });
  });

  const wish = (password: string): void => writeFileSync(join(folder, 'secret'), password);

  it('makes the database of the tenant, also the second time', async () => {
    wish('first-password');
    expect([await align(), await align()]).toEqual([0, 0]);
    expect(milvus.databases).toEqual(['default', 'tenant_1001']);
  });

  it('changes the password with the help of the one that it had', async () => {
    wish('first-password');
    await align();
    wish('b~y/han+d=1');
    expect(await align()).toBe(0);
    expect(milvus.password).toBe('b~y/han+d=1');
    wish('third-password');
    expect(await align()).toBe(0);
  });

  it('says so when neither of the two opens it', async () => {
    wish('first-password');
    await align();
    milvus.password = 'changed by somebody';
    expect(await align()).toBe(1);
  });
});
