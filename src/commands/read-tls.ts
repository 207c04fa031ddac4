import { AiplatError, notReady } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Pair, pairFault, type Tls } from '../proxy/tls.ts';
import { stateDirectory } from '../tenant/layout.ts';
import type { Settings } from '../tenant/settings.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';

const PEM_LIMIT_BYTES = 64 * 1024;

/** Where this tenant's certificates come from: the host's word, where the tenant's record has no other. */
export const tlsMode = ({ config, record }: Place): Tls['mode'] => record.tls ?? config.tls.mode;

/**
 * What the tenant's Caddy has to know of certificates.
 * @throws AiplatError (exit 3) when there is nothing that could be served.
 */
export async function readTls(
  context: Context,
  place: Place,
  settings: Settings,
  hasEdge: boolean,
): Promise<Tls> {
  const mode = tlsMode(place);
  if (mode === 'internal') return { mode };
  return mode === 'acme' ? readAcme(context.host, place, hasEdge) : readFiles(context, place, settings);
}

async function readAcme({ files }: Host, { config, tenant }: Place, hasEdge: boolean): Promise<Tls> {
  const { ca, caRoot: path, email } = config.tls;
  if (!hasEdge) {
    throw notReady(
      `${tenant.name}: no authority can reach its Caddy.`,
      'It would ask on the ports 80 and 443 of this host, and nothing routes them to the tenants.',
      'Start the edge: aiplat host edge enable. Or set another "tls" in the host config.',
    );
  }
  const caRoot = path === undefined ? undefined : await files.readText(path, PEM_LIMIT_BYTES);
  if (path === undefined || caRoot !== undefined) return { mode: 'acme', ca, caRoot, email };
  throw notReady(
    `The certificate ${path} is not there.`,
    'The host config names it as "caRoot" of "tls".',
    'Put it there, or take "caRoot" out.',
  );
}

/** The pair that the tenant put there, or when that cannot be served the one that could. */
async function readFiles({ host, report }: Context, place: Place, { domain }: Settings): Promise<Tls> {
  const { tenant, config } = place;
  const dir = `${tenant.baseDir}/ssl/certs/${domain}`;
  const keptPath = `${stateDirectory(config.stateDir, tenant)}/tls.json`;
  const now = host.clock.now();
  const [found, keptText] = await Promise.all([
    readPair(host, dir, tenant.uid),
    host.files.readText(keptPath, 4 * PEM_LIMIT_BYTES),
  ]);
  const kept = keptText === undefined ? undefined : (JSON.parse(keptText) as Pair);
  const fault = typeof found === 'string' ? found : pairFault(found, domain, now);
  if (typeof found !== 'string' && fault === undefined) {
    return { mode: 'files', pair: found, keptPath, isKept: keptText === keptPairText(found) };
  }
  if (kept === undefined || pairFault(kept, domain, now) !== undefined) {
    throw notReady(
      `${tenant.name}: there is no certificate to serve.`,
      `${dir}: ${fault}.`,
      `Put fullchain.pem and privkey.pem for ${domain} there, then: aiplat deploy --tenant ${tenant.name}`,
    );
  }
  report.warn(
    `${tenant.name}: the certificate in ${dir} cannot be served, so the one before it stays: ${fault}.`,
  );
  return { mode: 'files', pair: kept, keptPath, isKept: true };
}

/** @returns in words why there is none. */
async function readPair({ files }: Host, dir: string, uid: number): Promise<Pair | string> {
  try {
    const [fullchain, privkey] = await Promise.all(
      ['fullchain.pem', 'privkey.pem'].map((name) =>
        files.readText(`${dir}/${name}`, PEM_LIMIT_BYTES, [0, uid]),
      ),
    );
    if (fullchain === undefined) return 'fullchain.pem is not there';
    return privkey === undefined ? 'privkey.pem is not there' : { fullchain, privkey };
  } catch (thrown) {
    if (thrown instanceof AiplatError) return thrown.what;
    throw thrown;
  }
}

const keptPairText = ({ fullchain, privkey }: Pair): string => `${JSON.stringify({ fullchain, privkey })}\n`;
