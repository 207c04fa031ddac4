import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, deployOf, setupOf, succeed } from '../fake/machines.ts';

/** A container of somebody else, which publishes a port of the tenant's block. */
function putStranger(host: FakeHost, address: string): void {
  const spec = host.docker.containers.named('tenant-1001-n8n')?.spec;
  if (spec === undefined) throw new Error('no n8n');
  const ports = [{ address, port: 5010, container: 80 }];
  host.docker.containers.put({ ...spec, name: 'web', labels: {}, mounts: [], ports });
}

describe('an engine that publishes without a socket (no userland proxy)', () => {
  it("tells itself which ports a stranger's container has", async () => {
    const host = await deployedMachine();
    host.sockets.published = () => [];
    putStranger(host, '0.0.0.0');
    const { err } = await succeed(host, setupOf());
    expect(err).toMatch(/FLOWISE_PORT moves from 5010 to \d+: the container web has 5010/);
  });

  it('and on another address a port is another one', async () => {
    const host = await deployedMachine();
    host.sockets.published = () => [];
    putStranger(host, '127.0.1.1');
    expect((await succeed(host, setupOf())).changes).toEqual([]);
  });
});

describe('a new Caddyfile', () => {
  it('is checked before it is taken over, and lies in its place only afterwards', async () => {
    const host = await deployedMachine();
    await succeed(host, setupOf({ domain: 'ai.example.org' }));
    const { changes } = await succeed(host, deployOf());
    const at = (words: RegExp): number => changes.findIndex((change) => words.test(change));
    const order = [
      /^write .*Caddyfile\.next$/,
      /caddy validate/,
      /caddy reload/,
      /^rename .*Caddyfile\.next to /,
    ].map(at);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });
});
