import { readFile } from 'node:fs/promises';
import { type Agent, request } from 'node:https';
import { join } from 'node:path';
import type { Installation } from './aiplat.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The certificate authority that a tenant's Caddy made for itself. */
export const authorityOf = (installation: Installation, tenant: string): Promise<string> =>
  readFile(
    join(installation.dir, `mnt/data-${tenant}/data/caddy/caddy/pki/authorities/local/root.crt`),
    'utf8',
  );

/** A request to a tenant's Caddy: the name goes into SNI and Host, the address is the published one. */
export function ask(address: string, url: string, ca: string, agent?: Agent): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: address,
        port,
        path: pathname,
        servername: hostname,
        headers: { Host: `${hostname}:${port}` },
        ca,
        ...(agent ? { agent } : { agent: false }),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end();
  });
}
