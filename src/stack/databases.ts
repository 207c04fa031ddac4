import { databaseKey, databasesOf } from '../catalog/databases.ts';
import type { Service } from '../catalog/schema.ts';
import { databaseName } from '../tenant/names.ts';
import type { RenderedFolder } from './files.ts';
import { digest } from './hash.ts';
import type { StackInput } from './stack.ts';

/** What a service has to have in the tenant's PostgreSQL. */
export interface WantedDatabases {
  readonly names: readonly string[];
  /** What makes or mends them, in the words of psql. It holds the password of their role. */
  readonly statements: string;
  /** Where the mark lies that says for which statements it was done, and what it says then. */
  readonly marker: string;
  readonly mark: string;
}

/** The databases of a service as they have to be; undefined when it has none. */
export function describeDatabases(
  service: Service,
  { tenant, settings }: Pick<StackInput, 'tenant' | 'settings'>,
  rendered: RenderedFolder | undefined,
): WantedDatabases | undefined {
  const databases = databasesOf(service, settings.vectorDb);
  if (databases.length === 0) return undefined;
  if (rendered === undefined) throw new Error(`${service.name} asks for no password of its databases`);
  const statements = statementsOf({
    role: databaseName(tenant.name, service.name),
    password: settings.secrets.get(databaseKey(service.name))?.reveal() ?? '',
    databases: databases.map(({ name, extensions }) => ({
      name: databaseName(tenant.name, name),
      extensions,
    })),
  });
  return {
    names: databases.map(({ name }) => databaseName(tenant.name, name)),
    statements,
    marker: `${rendered.root}/databases`,
    mark: digest(statements),
  };
}

interface Wish {
  readonly role: string;
  readonly password: string;
  readonly databases: readonly { readonly name: string; readonly extensions: readonly string[] }[];
}

/**
 * One at a time, because two sessions that change the rights of one database fail. Nobody connects by being
 * anybody (PUBLIC): a role reaches what it owns. Letters of a password need no quoting in SQL; a failed statement
 * would go to the log with its text, hence the first line.
 */
const statementsOf = ({ role, password, databases }: Wish): string =>
  `SET log_min_error_statement = panic;
SELECT pg_advisory_lock(${LOCK}) \\g /dev/null
SELECT 'CREATE ROLE ${role}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') \\gexec
ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}';
${databases.map(({ name }) => databaseStatements(name, role)).join('')}\
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname) FROM pg_database WHERE datallowconn \\gexec
${databases.map(({ name, extensions }) => extensionStatements(name, extensions)).join('')}`;

/** Any number will do, as long as all take the same. */
const LOCK = 1001;

const databaseStatements = (name: string, role: string): string =>
  `SELECT 'CREATE DATABASE ${name} OWNER ${role}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') \\gexec
ALTER DATABASE ${name} OWNER TO ${role};
`;

const extensionStatements = (name: string, extensions: readonly string[]): string =>
  extensions.length === 0
    ? ''
    : `\\connect ${name}
SET client_min_messages = warning;
${extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS "${extension}";\n`).join('')}`;
