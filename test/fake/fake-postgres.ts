/** What a cluster of PostgreSQL has beside its superuser. */
export interface FakeCluster {
  /** Role → its password. */
  readonly roles: Map<string, string>;
  /** Database → its owner and extensions. */
  readonly databases: Map<string, { owner: string; readonly extensions: Set<string> }>;
}

const LINES: readonly (readonly [RegExp, (cluster: FakeCluster, ...words: string[]) => void])[] = [
  [
    /^ALTER ROLE (\w+) .* PASSWORD '(.*)';$/,
    ({ roles }, role, password) => roles.set(role ?? '', password ?? ''),
  ],
  [
    /^SELECT 'CREATE DATABASE (\w+) OWNER (\w+)' WHERE NOT EXISTS/,
    ({ databases }, name = '', owner = '') => {
      if (!databases.has(name)) databases.set(name, { owner, extensions: new Set() });
    },
  ],
];

/** Runs what aiplat says to psql; a database that nobody made cannot be connected to. */
export function runStatements(cluster: FakeCluster, input: string): { exitCode: number; output: string } {
  let connected = 'postgres';
  for (const line of input.split('\n')) {
    for (const [pattern, act] of LINES) {
      const words = pattern.exec(line);
      if (words !== null) act(cluster, ...words.slice(1));
    }
    connected = /^\\connect (\w+)$/.exec(line)?.[1] ?? connected;
    const database = cluster.databases.get(connected);
    if (connected !== 'postgres' && database === undefined)
      return { exitCode: 2, output: `FATAL:  database "${connected}" does not exist` };
    const extension = /^CREATE EXTENSION IF NOT EXISTS "(\w+)";$/.exec(line)?.[1];
    if (extension !== undefined) database?.extensions.add(extension);
  }
  return { exitCode: 0, output: '' };
}
