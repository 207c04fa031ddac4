import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { realHttp } from '../../../src/host/real-http.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<number> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return (made.address() as AddressInfo).port;
}

const ask = (port: number, onLine: (line: string) => void = () => undefined, silenceMs = 5_000) =>
  realHttp.ask(
    {
      endpoint: { address: '127.0.0.1', port },
      method: 'POST',
      path: '/api/pull',
      body: { model: 'm' },
      silenceMs,
    },
    onLine,
  );

describe('a server in the network of a tenant', () => {
  it('is asked, and its lines arrive one by one, whatever pieces they come in', async () => {
    const port = await serve((request, response) => {
      request.resume();
      response.write('{"status":"pul');
      setTimeout(() => response.write('ling"}\n\n{"a":1}\n{"b"'), 20);
      setTimeout(() => response.end(':2}'), 40);
    });
    const lines: string[] = [];
    expect(await ask(port, (line) => lines.push(line))).toBe(200);
    expect(lines).toEqual(['{"status":"pulling"}', '{"a":1}', '{"b":2}']);
  });

  it.each<[string, RequestListener]>([
    ['never answers', (request) => request.resume()],
    [
      'falls silent',
      (_request, response) => {
        response.write('{"status":"pulling"}\n');
      },
    ],
  ])('that %s is left: exit 1', async (_title, listener) => {
    const port = await serve(listener);
    await expect(ask(port, undefined, 200)).rejects.toMatchObject({
      exitCode: 1,
      why: expect.stringContaining('said nothing for 0.2 s'),
    });
  });

  it('that says a line without an end is left: exit 1', async () => {
    const port = await serve((_request, response) => {
      const more = (): boolean => response.write('x'.repeat(16_384), () => setImmediate(more));
      more();
    });
    await expect(ask(port)).rejects.toMatchObject({
      exitCode: 1,
      why: expect.stringContaining('says more'),
    });
  });

  it('that breaks off is no success: exit 1', async () => {
    const port = await serve((_request, response) => {
      response.write('{"status":"pulling"}\n');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(ask(port)).rejects.toMatchObject({ exitCode: 1 });
  });

  it('that sends the caller elsewhere is not followed', async () => {
    const port = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    expect(await ask(port)).toBe(302);
  });

  it('that is not there is named: exit 1', async () => {
    await expect(ask(1)).rejects.toMatchObject({
      exitCode: 1,
      what: '127.0.0.1:1 does not answer as it should.',
    });
  });

  it('hears no more once the caller has heard enough', async () => {
    const gone = Promise.withResolvers<void>();
    const port = await serve((_request, response) => {
      response.on('close', () => gone.resolve());
      response.write('{"total":1}\n');
    });
    const enough = new Error('enough');
    await expect(
      ask(port, () => {
        throw enough;
      }),
    ).rejects.toBe(enough);
    await gone.promise;
  });
});
