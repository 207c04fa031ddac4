import { catalog, secretFileName } from '../catalog/catalog.ts';
import { DATABASE_SERVER } from '../catalog/databases.ts';
import type { Service } from '../catalog/schema.ts';
import { type AiplatError, notReady } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { EnvValues } from '../tenant/env-file.ts';
import type { Tenant } from '../tenant/identity.ts';
import { envPath, renderedDirectory } from '../tenant/layout.ts';
import type { Context } from './context.ts';
import { CONFIG_LIMIT_BYTES, type Place } from './enter.ts';

/** The key of data that is there, and that the `.env` has not. */
interface LostKey {
  readonly service: string;
  readonly key: string;
  readonly directory: string;
  /** Values that lie in the files of its containers, each once. */
  readonly found: readonly string[];
}

/**
 * Finds the keys of data that the `.env` has lost, in the files that were rendered for their containers.
 * A key whose service has no data yet is not lost: it has never been there, or nobody needs it any more.
 * @returns key → value, to be put back.
 * @throws AiplatError (exit 3) when one is lost for good: a new one would make the data unreadable.
 */
export async function findLostKeys(
  { host }: Context,
  { config, tenant }: Place,
  existing: EnvValues,
): Promise<EnvValues> {
  const rendered = renderedDirectory(config.stateDir, tenant);
  const lost = await Promise.all(
    [...catalog.values()].flatMap((service) =>
      service.secrets
        .filter(({ key, identity }) => identity && !(key in existing))
        .map(async ({ key }): Promise<LostKey | undefined> => {
          const { name } = service;
          const directory = await placeOfData(host, tenant, rendered, service);
          if (directory === undefined) return undefined;
          return { service: name, key, directory, found: await renderedValues(host, rendered, name, key) };
        }),
    ),
  );
  const keys = lost.filter((one) => one !== undefined);
  const hopeless = keys.filter(({ found }) => found.length !== 1);
  if (hopeless.length > 0) throw lostError(tenant, hopeless);
  return Object.fromEntries(keys.map(({ key, found }) => [key, found[0] ?? '']));
}

/** What lies in PostgreSQL lies there beside the data of others: whoever ran here has left files of a container. */
async function placeOfData(
  host: Host,
  tenant: Tenant,
  rendered: string,
  { name, mounts, databases }: Service,
): Promise<string | undefined> {
  const own = await firstWithData(host, tenant, mounts);
  if (own !== undefined || databases.length === 0) return own;
  const hasRun = (await host.files.list(`${rendered}/${name}`)).length > 0;
  return hasRun ? firstWithData(host, tenant, catalog.get(DATABASE_SERVER)?.mounts ?? []) : undefined;
}

/** aiplat makes the directories alone: whatever lies in one is the service's. */
async function firstWithData(
  host: Host,
  { baseDir }: Tenant,
  mounts: readonly { readonly dir: string }[],
): Promise<string | undefined> {
  const paths = mounts.map(({ dir }) => `${baseDir}/data/${dir}`);
  const contents = await Promise.all(paths.map((path) => host.files.list(path)));
  return paths.find((_, at) => contents[at]?.length !== 0);
}

async function renderedValues(host: Host, rendered: string, service: string, key: string): Promise<string[]> {
  const folder = `${rendered}/${service}`;
  const versions = await host.files.list(folder);
  const texts = await Promise.all(
    versions.map((version) =>
      host.files.readText(`${folder}/${version}/secrets/${secretFileName(catalog, key)}`, CONFIG_LIMIT_BYTES),
    ),
  );
  return [...new Set(texts.filter((text) => text !== undefined && text !== ''))] as string[];
}

function lostError(tenant: Tenant, lost: readonly LostKey[]): AiplatError {
  const keys = lost.map(({ key }) => key).join(', ');
  return notReady(
    `${tenant.name}: the key of data that is there is lost: ${keys}.`,
    lost.map((one) => `${one.service}: ${one.directory} holds data, and ${whereabouts(one)}.`).join('\n'),
    `Put the old line ${lost.map(({ key }) => `${key}=…`).join(', ')} back into ${envPath(tenant)}, from a backup of it, and run setup again. ` +
      `A new key would make that data unreadable; when all data of the tenant may go: aiplat teardown --tenant ${tenant.name} --delete-data`,
  );
}

const whereabouts = ({ key, found }: LostKey): string =>
  found.length === 0
    ? `${key} stands neither in the .env nor in the files of a container`
    : `the files of its containers have ${found.length} different values for ${key}`;
