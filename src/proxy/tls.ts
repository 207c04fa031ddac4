import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate with its chain, and its key, as PEM. */
export interface Pair {
  readonly fullchain: string;
  readonly privkey: string;
}

/** Where the certificates of a tenant come from. */
export type Tls =
  | { readonly mode: 'internal' }
  | {
      readonly mode: 'acme';
      /** Address of the directory of the authority. */
      readonly ca: string;
      /** PEM of who vouches for that address, where the world's authorities do not. */
      readonly caRoot: string | undefined;
      readonly email: string | undefined;
    }
  | {
      readonly mode: 'files';
      readonly pair: Pair;
      /** Where the pair that was accepted last is kept, out of the tenant's reach. */
      readonly keptPath: string;
      readonly isKept: boolean;
    };

/** Where the container sees the files. */
const DIR = '/etc/caddy';
const CA_ROOT = 'ca-root.pem';

/**
 * Why a pair cannot be served under this domain.
 * @returns undefined when it can.
 */
export function pairFault(pair: Pair, domain: string, now: Date): string | undefined {
  const certificate = parsed(() => new X509Certificate(pair.fullchain));
  if (certificate === undefined) return 'fullchain.pem holds no certificate';
  const key = parsed(() => createPrivateKey(pair.privkey));
  if (key === undefined) return 'privkey.pem holds no key, or one with a password';
  if (!certificate.checkPrivateKey(key)) return 'the key is not that of the certificate';
  if (certificate.validToDate < now) return `it ended on ${certificate.validToDate.toISOString()}`;
  if (certificate.validFromDate > now) return `it begins on ${certificate.validFromDate.toISOString()}`;
  return covers(pair, domain) ? undefined : `it is not for ${domain}`;
}

function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Is this certificate for that name? */
export const covers = ({ fullchain }: Pair, hostname: string): boolean =>
  new X509Certificate(fullchain).checkHost(hostname) !== undefined;

/**
 * Files beside the Caddyfile. Their names tell their content, because Caddy takes a configuration over only
 * when its text is another one.
 */
export function tlsFiles(tls: Tls): Record<string, string> {
  if (tls.mode === 'files') {
    const { certificate, key } = namesOf(tls.pair);
    return { [certificate]: tls.pair.fullchain, [key]: tls.pair.privkey };
  }
  return tls.mode === 'acme' && tls.caRoot !== undefined ? { [CA_ROOT]: tls.caRoot } : {};
}

function namesOf({ fullchain, privkey }: Pair): { certificate: string; key: string } {
  const name = createHash('sha256').update(fullchain).update(privkey).digest('hex').slice(0, 12);
  return { certificate: `${name}.crt`, key: `${name}.key` };
}

/** Lines for all sites. What no file is for gets a certificate of the tenant's own authority. */
export function tlsOptions(tls: Tls): string {
  if (tls.mode !== 'acme') return '\tlocal_certs\n';
  const root = tls.caRoot === undefined ? '' : `\tacme_ca_root ${DIR}/${CA_ROOT}\n`;
  const email = tls.email === undefined ? '' : `\temail ${tls.email}\n`;
  return `\tacme_ca ${tls.ca}\n${root}${email}`;
}

/** The line of one site. */
export function tlsLine(tls: Tls, hostname: string): string {
  if (tls.mode !== 'files' || !covers(tls.pair, hostname)) return '';
  const { certificate, key } = namesOf(tls.pair);
  return `\ttls ${DIR}/${certificate} ${DIR}/${key}\n`;
}
