import { X509Certificate } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHostConfig } from '../../src/tenant/host-config.ts';
import { describeTenant } from '../../src/tenant/identity.ts';
import { type Installation, install, sweep } from './aiplat.ts';
import { type Authority, makePair, startAuthority } from './pebble.ts';

const EDGE = '127.77.0.2';
const [ACME, FILES] = [1844, 1845].map((uid) => describeTenant(uid, parseHostConfig(undefined, '')));
let authority: Authority;
let installation: Installation;

const aiplat = async (...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await installation.aiplat(...args);
  if (exitCode !== 0) throw new Error(`aiplat ${args.join(' ')}: ${exitCode}\n${stdout}${stderr}`);
  return stdout;
};
const setup = (tenant: string) =>
  aiplat('setup', '--tenant', tenant, '--services', 'caddy,prometheus', '--vector-db', 'chroma');

/** What the edge leads to under this name; undefined when nothing is served. */
const served = (hostname: string): Promise<X509Certificate | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: EDGE, port: 443, servername: hostname, rejectUnauthorized: false });
    const end = (certificate?: X509Certificate): void => {
      socket.destroy();
      resolve(certificate);
    };
    socket.on('secureConnect', () => end(socket.getPeerX509Certificate()));
    socket.on('error', () => end());
  });

if (ACME === undefined || FILES === undefined) throw new Error('no tenants');

beforeAll(async () => {
  authority = await startAuthority(ACME.subnet.gateway, EDGE);
  installation = await install(undefined, {
    edge: { addresses: [EDGE] },
    tls: { mode: 'acme', ca: authority.url, caRoot: authority.root, email: 'admin@example.org' },
  });
  const records = join(dirname(installation.environment.AIPLAT_CONFIG ?? ''), 'tenants');
  await mkdir(records);
  await writeFile(join(records, `${FILES.name}.json`), '{"tls": "files"}');
});

afterAll(async () => {
  await installation.aiplat('host', 'edge', 'disable');
  await sweep(installation, [ACME.name, FILES.name]);
  await authority.stop();
});

describe('certificates of an authority', () => {
  it('need the edge: exit 3 without', async () => {
    await setup(ACME.name);
    const { exitCode, stderr } = await installation.aiplat('deploy', '--tenant', ACME.name);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('aiplat host edge enable');
  });

  it('come by ACME through the edge, for every name in use', async () => {
    await aiplat('host', 'edge', 'enable');
    await aiplat('deploy', '--tenant', ACME.name);
    for (const hostname of [ACME.domain, `prometheus.${ACME.domain}`]) {
      await expect
        .poll(async () => (await served(hostname))?.issuer, { timeout: 120_000, interval: 500 })
        .toMatch(/Pebble/);
      expect((await served(hostname))?.checkHost(hostname)).toBe(hostname);
    }
  });

  it('are left alone while they last', async () => {
    const before = await served(ACME.domain);
    const { exitCode, stdout, stderr } = await installation.aiplat('ops', 'renew-ssl', '--tenant', ACME.name);
    expect([exitCode, stdout, stderr]).toEqual([0, '', '']);
    expect((await served(ACME.domain))?.fingerprint256).toBe(before?.fingerprint256);
  });
});

describe('certificates of files', () => {
  const dir = () => join(installation.dir, `mnt/data-${FILES.name}/ssl/certs/${FILES.domain}`);
  const put = async (days: number, name = FILES.domain): Promise<string> => {
    const [cert, key] = [join(dir(), 'fullchain.pem'), join(dir(), 'privkey.pem')];
    const text = await makePair(cert, key, `DNS:${name},DNS:*.${name}`, days);
    for (const path of [cert, key]) await chown(path, FILES.uid, FILES.gid);
    return new X509Certificate(text).fingerprint256;
  };
  const shown = async (hostname = FILES.domain) => (await served(hostname))?.fingerprint256;
  const renew = () => installation.aiplat('ops', 'renew-ssl', '--tenant', FILES.name);

  it('have to be there: exit 3 without', async () => {
    await setup(FILES.name);
    const { exitCode, stderr } = await installation.aiplat('deploy', '--tenant', FILES.name);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('fullchain.pem is not there');
  });

  it('are served, and renewed without a restart', async () => {
    const first = await put(100);
    await aiplat('deploy', '--tenant', FILES.name);
    expect([await shown(), await shown(`prometheus.${FILES.domain}`)]).toEqual([first, first]);
    expect(await renew()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const second = await put(200);
    const { exitCode, stdout } = await renew();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${FILES.name}: certificates renewed. ${FILES.domain} until `);
    expect(await shown()).toBe(second);
  });

  it('never break a working site', async () => {
    const before = await shown();
    const other = await put(100, 'elsewhere.example');
    for (const spoil of [
      async () => undefined,
      () => writeFile(join(dir(), 'privkey.pem'), 'no key'),
      () => writeFile(join(dir(), 'fullchain.pem'), ''),
    ]) {
      await spoil();
      const { exitCode, stderr } = await renew();
      expect(exitCode).toBe(0);
      expect(stderr).toContain('cannot be served, so the one before it stays');
      await aiplat('deploy', '--tenant', FILES.name);
      expect(await shown()).toBe(before);
      expect(before).not.toBe(other);
    }
  });

  it('raise an alarm when they end soon: exit 4', async () => {
    const last = await put(13);
    const { exitCode, stderr } = await renew();
    expect(exitCode).toBe(4);
    expect(stderr).toContain('ends soon, and there is no newer one');
    expect(await shown()).toBe(last);
  });
});
