import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEndpoint } from '../../../src/host/docker-endpoint.ts';
import type { Lock, LockHolder } from '../../../src/host/host.ts';
import { realLocks } from '../../../src/host/locks.ts';
import { realSockets } from '../../../src/host/sockets.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'aiplat-machine-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const HOLDER: LockHolder = { pid: 1, command: 'aiplat deploy', user: '0', since: '2027-01-01T00:00:00.000Z' };
const LOCKS_FILE = join(import.meta.dirname, '../../../src/host/locks.ts');

const acquired = (result: Lock | LockHolder): Lock => {
  if ('release' in result) return result;
  throw new Error(`held by ${result.command}`);
};

/** Another process that takes the lock and keeps it until it is killed. */
async function holdElsewhere(path: string): Promise<() => Promise<void>> {
  const program = `const { realLocks } = await import(${JSON.stringify(LOCKS_FILE)});
    await realLocks.acquire(${JSON.stringify(path)}, ${JSON.stringify(HOLDER)}, 0);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
}

describe('a lock of the machine', () => {
  it('is had by one at a time, and says who has it', async () => {
    const path = join(root, 'locks/tenant-1001.lock');
    const lock = acquired(await realLocks.acquire(path, HOLDER, 0));
    expect(await realLocks.acquire(path, { ...HOLDER, pid: 2 }, 0)).toEqual(HOLDER);
    await lock.release();
    await acquired(await realLocks.acquire(path, HOLDER, 0)).release();
  });

  it("is in nobody else's reach: whoever may open its file may hold it", async () => {
    mkdirSync(join(root, 'locks'), { mode: 0o755 });
    const lock = acquired(await realLocks.acquire(join(root, 'locks/host.lock'), HOLDER, 0));
    expect(statSync(join(root, 'locks')).mode & 0o777).toBe(0o700);
    await lock.release();
  });

  it('of one tenant is not that of another', async () => {
    const locks = await Promise.all(
      ['a', 'b'].map(async (name) => acquired(await realLocks.acquire(join(root, name), HOLDER, 0))),
    );
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it('is waited for as long as was asked', async () => {
    const path = join(root, 'lock');
    const lock = acquired(await realLocks.acquire(path, HOLDER, 0));
    expect(await realLocks.acquire(path, HOLDER, 50)).toEqual(HOLDER);
    const waiting = realLocks.acquire(path, HOLDER, 10_000);
    await lock.release();
    await acquired(await waiting).release();
  });

  it('is free again when its process was killed', async () => {
    const path = join(root, 'lock');
    const kill = await holdElsewhere(path);
    expect(await realLocks.acquire(path, { ...HOLDER, pid: 2 }, 0)).toEqual(HOLDER);
    await kill();
    await acquired(await realLocks.acquire(path, HOLDER, 5_000)).release();
  });
});

describe('listening sockets of the machine', () => {
  let server: Server | undefined;

  const listen = async (address: string): Promise<number> => {
    server = createServer();
    server.listen(0, address);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  afterEach(() => {
    server?.close();
    server = undefined;
  });

  it('are found with their holder', async () => {
    const port = await listen('127.0.1.1');
    expect(await realSockets.listeners('127.0.1.1', port, port)).toEqual([
      { address: '127.0.1.1', port, holder: expect.stringContaining(`(pid ${process.pid})`) },
    ]);
  });

  it('of another address are in nobody’s way, those of all addresses in everybody’s', async () => {
    const port = await listen('127.0.1.1');
    expect(await realSockets.listeners('127.0.0.1', port, port)).toEqual([]);
    server?.close();
    const everywhere = await listen('0.0.0.0');
    expect(await realSockets.listeners('127.0.0.1', everywhere, everywhere)).toHaveLength(1);
  });

  it('outside of the range are left out', async () => {
    const port = await listen('127.0.0.1');
    expect(await realSockets.listeners('127.0.0.1', port + 1, port + 1)).toEqual([]);
  });
});

describe('the engine', () => {
  const context = (name: string, meta: object): void => {
    const folder = join(root, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'meta.json'), JSON.stringify(meta));
  };
  const USUAL = 'unix:///var/run/docker.sock';

  it('is where DOCKER_HOST says, else the context, else the usual socket', async () => {
    expect(await findEndpoint({ DOCKER_CONFIG: root })).toBe(USUAL);
    writeFileSync(join(root, 'config.json'), '{"currentContext": "rootless"}');
    context('rootless', { Endpoints: { docker: { Host: 'unix:///run/user/1/docker.sock' } } });
    context('other', { Endpoints: { docker: { Host: 'unix:///other.sock' } } });
    const cases: readonly (readonly [object, string])[] = [
      [{}, 'unix:///run/user/1/docker.sock'],
      [{ DOCKER_CONTEXT: 'other' }, 'unix:///other.sock'],
      [{ DOCKER_CONTEXT: 'default' }, USUAL],
      [{ DOCKER_CONTEXT: 'other', DOCKER_HOST: 'unix:///mine.sock' }, 'unix:///mine.sock'],
    ];
    for (const [env, endpoint] of cases)
      expect(await findEndpoint({ DOCKER_CONFIG: root, ...env })).toBe(endpoint);
  });

  it.each([{}, { Endpoints: {} }, { Endpoints: { docker: { Host: 5 } } }])(
    'is not guessed when a context says %j: exit 2',
    async (meta) => {
      context('odd', meta);
      for (const name of ['odd', 'unknown', '../../etc']) {
        await expect(findEndpoint({ DOCKER_CONFIG: root, DOCKER_CONTEXT: name })).rejects.toMatchObject({
          exitCode: 2,
        });
      }
    },
  );
});
