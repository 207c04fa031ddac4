import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { renewSsl } from '../../src/commands/ops/renew-ssl.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { BASE_DIR, deployOf, RECORD_PATH, setUpMachine, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const DOMAIN = 'tenant-1001.datasquiz.net';
const DIR = `${BASE_DIR}/ssl/certs/${DOMAIN}`;
const DAY_MS = 86_400_000;

const renew = (context: Context): Promise<void> => renewSsl(context, { tenant: TENANT });

/** A certificate of a hundred days, and what the fake Caddy serves from then on. */
function put(host: FakeHost, names = `DNS:${DOMAIN},DNS:*.${DOMAIN}`): string {
  const dir = mkdtempSync(join(tmpdir(), 'aiplat-tls-'));
  const [cert, key] = [join(dir, 'cert'), join(dir, 'key')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const words = ['-subj', '/CN=x', '-addext', `subjectAltName=${names}`, '-days', '36500'];
  execFileSync('openssl', ['req', ...kind, ...words, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const text = readFileSync(cert, 'utf8');
  host.files.put(`${DIR}/fullchain.pem`, { text, uid: 1001, gid: 1001, mode: 0o600 });
  host.files.put(`${DIR}/privkey.pem`, {
    text: readFileSync(key, 'utf8'),
    uid: 1001,
    gid: 1001,
    mode: 0o600,
  });
  rmSync(dir, { recursive: true });
  return text;
}

/** What the Caddy has of certificates. */
const has = (host: FakeHost): string[] =>
  host.files
    .below('/var/lib/aiplat')
    .flatMap((path) => (path.endsWith('.crt') ? [host.files.text(path) ?? ''] : []));

function serve(host: FakeHost, days: number): void {
  const now = host.clock.now().getTime();
  for (const name of [DOMAIN, `n8n.${DOMAIN}`, `prometheus.${DOMAIN}`])
    host.certificates.all.set(name, {
      validFrom: new Date(now - DAY_MS),
      validTo: new Date(now + days * DAY_MS),
    });
}

/** The certificates are made by a program that takes the real time for the beginning. */
async function withFiles(): Promise<FakeHost> {
  const host = await setUpMachine({ tls: { mode: 'files' } });
  await host.clock.elapse(Math.max(0, Date.now() + DAY_MS - host.clock.now().getTime()));
  return host;
}

describe('certificates of files', () => {
  it('have to be there before the first deploy: exit 3', async () => {
    const host = await withFiles();
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('fullchain.pem is not there');
  });

  it('are taken over by a reload, and quiet when they are the same', async () => {
    const host = await withFiles();
    const first = put(host);
    await succeed(host, deployOf());
    expect(has(host)).toEqual([first]);
    serve(host, 90);
    expect(await succeed(host, renew)).toMatchObject({ out: '', err: '', changes: [] });
    const second = put(host);
    const { out, changes } = await succeed(host, renew);
    expect(out).toContain(`${TENANT}: certificates renewed. ${DOMAIN} until `);
    expect(has(host)).toContain(second);
    expect(changes.some((change) => /^(stop|start|create) /.test(change))).toBe(false);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('that cannot be served leave the ones before in place', async () => {
    const host = await withFiles();
    put(host);
    await succeed(host, deployOf());
    serve(host, 90);
    put(host, 'DNS:elsewhere.example');
    for (const work of [renew, deployOf()]) {
      const { err, changes } = await succeed(host, work);
      expect(err).toContain(`so the one before it stays: it is not for ${DOMAIN}`);
      expect(changes).toEqual([]);
    }
  });

  it('raise an alarm when they end within 14 days: exit 4', async () => {
    const host = await withFiles();
    put(host);
    await succeed(host, deployOf());
    serve(host, 13);
    const { exit, err } = await runCommand(host, renew);
    expect(exit).toBe(4);
    expect(err).toContain('ends soon, and there is no newer one');
  });
});

describe('certificates of an authority', () => {
  it('need the edge, unless the record of the tenant says otherwise', async () => {
    const host = await setUpMachine({ tls: { mode: 'acme' } });
    const { exit, err, changes } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toContain('aiplat host edge enable');
    host.files.put(RECORD_PATH, { text: '{"tls": "internal"}' });
    await succeed(host, deployOf());
  });
});
