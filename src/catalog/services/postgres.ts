import { defineService } from '../define.ts';

const ASK = 'psql -w -q -h "$HOSTNAME" -U postgres -c "SELECT 1"';

/**
 * initdb writes the password into the data, where it stays whatever the file says later. The socket lets its
 * user in without one. Letters of a password need no quoting in SQL; a failed statement would go to the log
 * with its text, hence the first line.
 */
const ALIGN = `{
  printf "SET log_min_error_statement = panic; ALTER ROLE postgres PASSWORD '"
  cat "$POSTGRES_PASSWORD_FILE"
  printf "';"
} | psql -X -w -q -v ON_ERROR_STOP=1 -U postgres -d postgres`;

/** Under another name until it is whole. */
const DUMP = `umask 077
pg_dumpall -w -U postgres --clean --if-exists --file "$1.partial" && mv "$1.partial" "$1"`;

/**
 * The role that loads it can neither be dropped nor made (pg_dumpall(1), notes): its lines stand in the part
 * before the databases.
 */
const LOAD = `sed '1,/^-- Databases$/{/^DROP ROLE IF EXISTS postgres;$/d;/^CREATE ROLE postgres;$/d}' "$1" |
psql -X -w -q -v ON_ERROR_STOP=1 -U postgres -d postgres >/dev/null`;

/**
 * PostgreSQL 18 keeps its data below /var/lib/postgresql/18/docker: the mount is its parent
 * (docker-library/postgres, from 18 on). HNSW builds need more than Docker's 64 MB of /dev/shm.
 */
export const postgres = defineService({
  name: 'postgres',
  title: 'PostgreSQL with pgvector',
  summary: 'relational and vector database',
  presets: [],
  sources: {
    official: { image: 'docker.io/pgvector/pgvector:0.8.6-pg18' },
    embedded: { image: 'postgres' },
  },
  user: 'tenant',
  mounts: [{ path: '/var/lib/postgresql', dir: 'postgres' }],
  tmpfs: [
    { path: '/tmp', sizeMb: 64 },
    { path: '/var/run/postgresql', sizeMb: 4 },
  ],
  apparmor: { readsAccountsBecause: 'initdb asks for the name of its user' },
  env: {
    HOME: '/tmp',
    POSTGRES_USER: 'postgres',
    POSTGRES_DB: '{{tenant.slug}}',
    POSTGRES_PASSWORD_FILE: '{{secretFile.POSTGRES_PASSWORD}}',
  },
  secrets: [{ key: 'POSTGRES_PASSWORD', format: 'token' }],
  alignData: ['sh', '-c', ALIGN],
  backup: {
    how: 'dumped',
    because: 'a dump is of one moment while it runs, and another version can read it',
    file: 'aiplat-dump.sql',
    dump: ['sh', '-c', DUMP, 'sh', '{{file}}'],
    load: ['sh', '-c', LOAD, 'sh', '{{file}}'],
  },
  credentials: [
    { what: 'address in the network', value: 'postgres:5432' },
    { what: 'database', value: '{{tenant.slug}}' },
    { what: 'user', value: 'postgres' },
    { what: 'password', value: '{{secret.POSTGRES_PASSWORD}}' },
  ],
  health: { test: ['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres'], startPeriodMs: 120_000 },
  limits: { memoryMb: 512, cpus: 2, pids: 256, shmMb: 256 },
  takes: { memoryMb: 39, imageMb: 384, dataMb: 47 },
  vectorDb: 'pgvector',
  // Through its own address on the network: the socket and 127.0.0.1 ask nobody for a password.
  lock: {
    withKey: ['sh', '-c', `PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") ${ASK}`],
    withoutKey: ['sh', '-c', ASK],
  },
  stopGraceMs: 30_000,
  licence: 'PostgreSQL',
});
