import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { covers, type Pair, pairFault, tlsFiles, tlsLine, tlsOptions } from '../../../src/proxy/tls.ts';

/** A certificate that vouches for itself, of 30 days. */
function made(names: string): Pair {
  const dir = mkdtempSync(join(tmpdir(), 'aiplat-tls-'));
  const [cert, key] = [join(dir, 'cert'), join(dir, 'key')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const words = ['-subj', '/CN=x', '-addext', `subjectAltName=${names}`, '-days', '30'];
  execFileSync('openssl', ['req', ...kind, ...words, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const pair = { fullchain: readFileSync(cert, 'utf8'), privkey: readFileSync(key, 'utf8') };
  rmSync(dir, { recursive: true });
  return pair;
}

const PAIR = made('DNS:ai.example.org,DNS:n8n.ai.example.org');
const OTHER = made('DNS:*.example.org');
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

describe('a pair of files', () => {
  it.each<[string, Pair, Date, RegExp | undefined]>([
    ['that is well', PAIR, inDays(1), undefined],
    ['with a name that has a star', OTHER, inDays(1), undefined],
    ['of two that do not belong together', { ...PAIR, privkey: OTHER.privkey }, inDays(1), /not that of/],
    ['that has ended', PAIR, inDays(31), /it ended on/],
    ['that has not begun', PAIR, inDays(-2), /it begins on/],
    ['without a certificate', { ...PAIR, fullchain: 'x' }, inDays(1), /holds no certificate/],
    ['without a key', { ...PAIR, privkey: '' }, inDays(1), /holds no key/],
    ['for another name', made('DNS:elsewhere.example'), inDays(1), /not for ai\.example\.org/],
  ])('%s is looked at', (_what, pair, now, words) => {
    const fault = pairFault(pair, 'ai.example.org', now);
    if (words === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(words);
  });

  it('is for the names that it has, and for no other site', () => {
    const tls = { mode: 'files', pair: PAIR, keptPath: '/x', isKept: true } as const;
    expect(covers(PAIR, 'n8n.ai.example.org')).toBe(true);
    expect(tlsLine(tls, 'n8n.ai.example.org')).toMatch(
      /^\ttls \/etc\/caddy\/[0-9a-f]{12}\.crt \/etc\/caddy\/[0-9a-f]{12}\.key\n$/,
    );
    expect(tlsLine(tls, 'grafana.ai.example.org')).toBe('');
  });

  it('has other names when its content is another, because Caddy reads a text that it knows no second time', () => {
    const names = (pair: Pair): string[] =>
      Object.keys(tlsFiles({ mode: 'files', pair, keptPath: '/x', isKept: true }));
    expect(names(PAIR)).not.toEqual(names(OTHER));
    expect(names(PAIR)).toHaveLength(2);
  });
});

describe('an authority', () => {
  it('is named with who vouches for it', () => {
    const tls = {
      mode: 'acme',
      ca: 'https://ca.example/dir',
      caRoot: 'PEM',
      email: 'a@example.org',
    } as const;
    expect(tlsOptions(tls)).toBe(
      '\tacme_ca https://ca.example/dir\n\tacme_ca_root /etc/caddy/ca-root.pem\n\temail a@example.org\n',
    );
    expect(tlsFiles(tls)).toEqual({ 'ca-root.pem': 'PEM' });
  });

  it('is the tenant itself when nothing else was said', () => {
    expect(tlsOptions({ mode: 'internal' })).toBe('\tlocal_certs\n');
    expect(tlsFiles({ mode: 'internal' })).toEqual({});
  });
});
