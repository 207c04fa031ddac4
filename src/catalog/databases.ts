import type { Catalog } from './catalog.ts';
import type { Service } from './schema.ts';
import type { VectorDb } from './schema-data.ts';

/** The service whose server holds the databases of all others. */
export const DATABASE_SERVER = 'postgres';

/** Takes statements from its input, inside the container of the server: the socket asks its user for no password. */
export const SUPERUSER_SHELL = 'psql -X -w -q -v ON_ERROR_STOP=1 -U postgres -d postgres'.split(' ');

export type Database = Service['databases'][number];

/** The key of the password of a service's role: `open-webui` → OPEN_WEBUI_DB_PASSWORD. */
export const databaseKey = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_DB_PASSWORD`;

/** The databases that a service has while this is the tenant's vector database. */
export const databasesOf = ({ databases }: Service, vectorDb: string): Database[] =>
  databases.filter(({ forVectors }) => !forVectors || vectorDb === 'pgvector');

/** The service that a database belongs to. */
export const ownerOfDatabase = (all: Catalog, database: string): Service | undefined =>
  [...all.values()].find(({ databases }) => databases.some(({ name }) => name === database));

/** Names of services that have to be healthy before this one starts. */
export function needsOf(service: Service, vectorDb: Service | undefined): string[] {
  const kind: VectorDb | undefined = vectorDb?.vectorDb;
  return [
    ...new Set([
      ...service.dependsOn,
      ...(databasesOf(service, kind ?? '').length === 0 ? [] : [DATABASE_SERVER]),
      ...(service.vectorEnv === undefined || vectorDb === undefined ? [] : [vectorDb.name]),
    ]),
  ];
}
