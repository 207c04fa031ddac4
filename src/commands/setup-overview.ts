import { PORT_KEYS } from '../ports/block.ts';
import { table } from '../report/table.ts';
import { type Fit, fitDocument, fitLines } from '../stack/fit.ts';
import { envPath } from '../tenant/layout.ts';
import type { Place } from './enter.ts';
import type { SetupDraft } from './setup-draft.ts';

/** What a tenant is and has, for a person. */
export function overviewLines({ tenant }: Place, { settings }: SetupDraft, fit?: Fit): string[] {
  const facts: [string, string][] = [
    ['tenant', tenant.name],
    ['user', `${tenant.uid}:${tenant.gid}`],
    ['base directory', tenant.baseDir],
    ['configuration', envPath(tenant)],
    ['domain', settings.domain],
    ['bind address', tenant.address],
    ['port block', `${tenant.block.first}–${tenant.block.last}`],
    ['network', tenant.network],
    ['subnet', tenant.subnet.cidr],
    ['vector database', settings.vectorDb],
    ['services', settings.services.join(', ')],
    ...(fit === undefined ? [] : fitLines(fit)),
    ...PORT_KEYS.map((key): [string, string] => [key, String(settings.ports[key])]),
  ];
  return table(
    [
      { title: 'what', cell: ([what]) => what },
      { title: 'value', cell: ([, value]) => value },
    ],
    facts,
  ).slice(1);
}

/** The same for a program. */
export const overviewDocument = ({ tenant }: Place, { settings, moved }: SetupDraft, fit?: Fit): object => ({
  tenant: tenant.name,
  uid: tenant.uid,
  gid: tenant.gid,
  baseDir: tenant.baseDir,
  domain: settings.domain,
  bindAddress: tenant.address,
  portBlock: tenant.block,
  subnet: tenant.subnet.cidr,
  network: tenant.network,
  ports: settings.ports,
  vectorDb: settings.vectorDb,
  services: settings.services,
  movedPorts: moved,
  ...(fit === undefined ? {} : { takes: fitDocument(fit) }),
});
