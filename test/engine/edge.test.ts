import { readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';

const TENANTS = ['tenant-1841', 'tenant-1842', 'tenant-1843'] as const;
const [FIRST, SECOND, THIRD] = TENANTS;
/** An own loopback address, so that the usual ports are free. */
const EDGE = '127.77.0.1';
const LIMIT = 20;
let installation: Installation;

const aiplat = async (...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await installation.aiplat(...args);
  if (exitCode !== 0) throw new Error(`aiplat ${args.join(' ')}: ${exitCode}\n${stdout}${stderr}`);
  return stdout;
};
const up = async (tenant: string): Promise<void> => {
  await aiplat('setup', '--tenant', tenant, '--services', 'caddy,prometheus', '--vector-db', 'chroma');
  await aiplat('deploy', '--tenant', tenant);
};
const domainOf = (tenant: string): string => `${tenant}.datasquiz.net`;
const visit = async (tenant: string, path = '/', agent?: Agent) =>
  ask(EDGE, `https://${domainOf(tenant)}:443${path}`, await authorityOf(installation, tenant), agent);

/** A plain request to port 80 of the edge. */
const plain = (host: string, localAddress = '127.0.0.1') =>
  new Promise<Pick<IncomingMessage, 'statusCode' | 'headers'>>((resolve, reject) => {
    const call = request(
      { host: EDGE, port: 80, path: '/x', headers: { Host: host }, localAddress },
      (response) => {
        response.resume();
        resolve(response);
      },
    );
    call.on('error', reject);
    call.end();
  });

/** A connection that does nothing after its greeting. */
const greet = (tenant: string): TLSSocket => {
  const socket = connect({ host: EDGE, port: 443, servername: domainOf(tenant), rejectUnauthorized: false });
  socket.on('error', () => socket.destroy());
  return socket;
};

/** A release whose Caddy tells whom it takes its caller for. */
async function tellClients({ start }: Installation): Promise<void> {
  const path = join(start, '../../templates/caddy/Caddyfile');
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace('\nhttp:// {\n', '\nhttp:// {\n\theader X-Client {http.request.remote.host}\n'),
  );
}

beforeAll(async () => {
  installation = await install(undefined, {
    edge: { addresses: [EDGE], tenantConnections: LIMIT, clientConnections: 1000 },
  });
  await tellClients(installation);
  await up(FIRST);
  await aiplat('host', 'edge', 'enable');
});

afterAll(async () => {
  await installation.aiplat('host', 'edge', 'disable');
  await sweep(installation, TENANTS);
});

describe('the edge', () => {
  it('leads nobody to a Caddy that is not ready for it, and everybody after a deploy', async () => {
    expect(await plain(domainOf(FIRST))).toMatchObject({ statusCode: 404 });
    expect(await aiplat('deploy', '--tenant', FIRST)).toContain(`https://${domainOf(FIRST)}\n`);
    expect((await visit(FIRST)).body).toContain('Prometheus');
    expect(await aiplat('ops', 'status', '--tenant', FIRST)).toContain(`https://${domainOf(FIRST)} `);
  });

  it('sends plain HTTP on to HTTPS, and knows no other names', async () => {
    expect(await plain(domainOf(FIRST))).toMatchObject({
      statusCode: 308,
      headers: { location: `https://${domainOf(FIRST)}/x` },
    });
    expect(await plain('elsewhere.example')).toMatchObject({ statusCode: 404 });
    await expect(
      ask(EDGE, 'https://elsewhere.example:443/', await authorityOf(installation, FIRST)),
    ).rejects.toThrow(/ECONNRESET|hang up|disconnected/);
  });

  it('leaves the ports of the block as they were', async () => {
    const port = /^CADDY_HTTPS_PORT=(\d+)$/m.exec(await installation.env(FIRST))?.[1];
    const address = /^LOCALHOST=(.*)$/m.exec(await installation.env(FIRST))?.[1] ?? '';
    const ca = await authorityOf(installation, FIRST);
    expect((await ask(address, `https://${domainOf(FIRST)}:${port}/`, ca)).status).toBe(200);
  });

  it('refuses a domain that another tenant has: exit 2', async () => {
    for (const domain of [domainOf(FIRST), `x.${domainOf(FIRST)}`, 'datasquiz.net']) {
      const { exitCode, stderr } = await installation.aiplat('setup', '--tenant', SECOND, '--domain', domain);
      expect([domain, exitCode]).toEqual([domain, 2]);
      expect(stderr).toContain(`cannot have the domain ${domain}`);
    }
  });

  it('loses no request and no connection while tenants come and go', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const failures: string[] = [];
    let count = 0;
    let isOver = false;
    const asking = Promise.all(
      [agent, undefined, undefined].map(async (own) => {
        while (!isOver) {
          count++;
          await visit(FIRST, '/', own).then(
            ({ status }) => status === 200 || failures.push(String(status)),
            (error: Error) => failures.push(error.message),
          );
        }
      }),
    );
    const long = greet(FIRST);
    await up(SECOND);
    await up(THIRD);
    await aiplat('teardown', '--tenant', THIRD);
    isOver = true;
    await asking;
    agent.destroy();
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(100);
    expect(long.destroyed).toBe(false);
    long.destroy();
    expect((await visit(SECOND)).status).toBe(200);
    expect(await plain(domainOf(THIRD))).toMatchObject({ statusCode: 404 });
  });

  it('passes the address of the client on', async () => {
    const { headers } = await plain(domainOf(FIRST), '127.55.0.9');
    expect(headers['x-client']).toBe('127.55.0.9');
  });

  it('keeps a flood on one tenant from the other', async () => {
    const flood = Array.from({ length: LIMIT * 6 }, () => greet(FIRST));
    await sleep(1000);
    const began = performance.now();
    const { status } = await visit(SECOND);
    const tookMs = performance.now() - began;
    const isOpen = flood.filter((socket) => !socket.destroyed).length;
    for (const socket of flood) socket.destroy();
    expect(status).toBe(200);
    expect(tookMs).toBeLessThan(2000);
    expect(isOpen).toBeLessThanOrEqual(LIMIT * 1.5 + 1);
    process.stderr.write(
      `under ${flood.length} connections the other tenant answered within ${tookMs.toFixed(0)} ms
`,
    );
  });

  it('is gone without a trace after disable', async () => {
    await aiplat('host', 'edge', 'disable');
    await expect(plain(domainOf(FIRST))).rejects.toThrow('ECONNREFUSED');
  });
});
