import { databaseKey } from './databases.ts';
import type { Service, ServiceInput } from './schema.ts';

/**
 * An entry with what it leaves out. Entries are data of ours: the schema checks every one of them in the
 * unit tests, so that no command has to wait for it.
 */
export const defineService = (entry: ServiceInput): Service => ({
  ...entry,
  sources: {
    ...(entry.sources.official && { official: withCapabilities(entry.sources.official) }),
    ...(entry.sources.embedded && { embedded: withCapabilities(entry.sources.embedded) }),
  },
  mounts: entry.mounts ?? [],
  files: entry.files ?? [],
  tmpfs: entry.tmpfs ?? [],
  env: entry.env ?? {},
  databases: (entry.databases ?? []).map(({ extensions = [], forVectors = false, ...database }) => ({
    ...database,
    extensions,
    forVectors,
  })),
  secrets: [...(entry.secrets ?? []), ...databaseSecrets(entry), ...keyOfClient(entry)].map(
    ({ identity = false, ...secret }) => ({ ...secret, identity }),
  ),
  modelClient: entry.modelClient && { key: entry.modelClient.key, env: entry.modelClient.env ?? {} },
  gpu: entry.gpu ?? false,
  credentials: entry.credentials ?? [],
  apparmor: entry.apparmor ?? {},
  sysctls: entry.sysctls ?? [],
  dependsOn: entry.dependsOn ?? [],
  ports: entry.ports ?? [],
  stopGraceMs: entry.stopGraceMs ?? 10_000,
});

const keyOfClient = ({ modelClient }: ServiceInput): NonNullable<ServiceInput['secrets']> =>
  modelClient === undefined ? [] : [{ key: modelClient.key, format: 'sk' }];

const databaseSecrets = ({ name, databases = [] }: ServiceInput): NonNullable<ServiceInput['secrets']> =>
  databases.length === 0 ? [] : [{ key: databaseKey(name), format: 'token' }];

type SourceInput = NonNullable<ServiceInput['sources']['official']>;

const withCapabilities = ({ capabilities = [], ...source }: SourceInput) => ({ ...source, capabilities });
