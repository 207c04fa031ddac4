import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const PORT = 14_710;
const DNS = '127.0.0.1:14753';

/** A real authority that speaks ACME (RFC 8555), and the names of a world of its own. */
export interface Authority {
  readonly url: string;
  /** Path of the certificate that vouches for it. */
  readonly root: string;
  stop(): Promise<void>;
}

/**
 * @param address where containers find it.
 * @param edge where it finds every name of the world, on the ports 80 and 443.
 */
export async function startAuthority(address: string, edge: string): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'aiplat-pebble-'));
  const root = join(dir, 'cert.pem');
  const key = join(dir, 'key.pem');
  await makePair(root, key, `IP:${address}`, 30);
  const config = join(dir, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `0.0.0.0:${PORT}`,
        managementListenAddress: '127.0.0.1:14711',
        certificate: root,
        privateKey: key,
        httpPort: 80,
        tlsPort: 443,
      },
    }),
  );
  const quiet = { reject: false, stdio: 'ignore', env: { PEBBLE_VA_NOSLEEP: '1' } } as const;
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
  const names = ['-dns01', DNS, '-management', '127.0.0.1:14755', '-defaultIPv6', '', '-defaultIPv4', edge];
  const running = [
    execa('pebble-challtestsrv', [...off, ...names], quiet),
    execa('pebble', ['-config', config, '-dnsserver', DNS], quiet),
  ];
  return {
    url: `https://${address}:${PORT}/dir`,
    root,
    async stop() {
      for (const child of running) child.kill();
      await Promise.all(running);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A certificate that vouches for itself. */
export async function makePair(cert: string, key: string, name: string, days: number): Promise<string> {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const words = ['-subj', '/CN=test', '-addext', `subjectAltName=${name}`, '-days', String(days)];
  await execa('openssl', ['req', ...kind, ...words, '-keyout', key, '-out', cert]);
  return readFile(cert, 'utf8');
}
