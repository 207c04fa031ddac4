import type { FoundContainer } from '../host/docker.ts';
import { type Bare, chained } from '../install/plan.ts';
import type { Step } from '../stack/step.ts';
import type { Tenant } from '../tenant/identity.ts';
import { dataDir, gatheredDir } from './contents.ts';
import type { Keep, Repository } from './restic.ts';
import type { Pause } from './step.ts';

/** The data of one service, as it was found. */
export interface FoundData {
  readonly service: string;
  /** Its directories that exist, below the tenant's data directory. */
  readonly directories: readonly string[];
  readonly pauses: readonly Pause[];
  /** Its program writes a copy into this file of its first directory. */
  readonly dump: Dump | undefined;
}

export interface Dump {
  readonly container: Pick<FoundContainer, 'id' | 'name'>;
  readonly file: string;
  readonly command: readonly string[];
}

export interface BackupInput {
  readonly tenant: Tenant;
  readonly repository: Repository;
  readonly keep: Keep;
  readonly hasPassword: boolean;
  readonly hasRepository: boolean;
  /** The password that a repository without one gets. */
  readonly newPassword: string;
  readonly data: readonly FoundData[];
  /** Texts that go along: name → text. */
  readonly gathered: ReadonlyMap<string, string>;
}

const ROOT = { uid: 0, gid: 0 } as const;

/** One run: everything of the tenant as one snapshot, and old ones forgotten when it is there. */
export function planBackup(input: BackupInput): Step[] {
  const { tenant, repository, keep, data } = input;
  const dumps = data.flatMap((one) =>
    one.dump === undefined ? [] : [{ ...one.dump, path: dumpPath(tenant, one) }],
  );
  return chained([
    ...planRepository(input),
    ...planGathering(input),
    ...dumps.map(
      ({ container, command }): Bare => ({
        do: 'write dump',
        target: container.name,
        why: 'a copy of one moment, while it runs',
        containerId: container.id,
        command,
      }),
    ),
    {
      do: 'take snapshot',
      target: repository.place,
      why: whyOf(data),
      repository,
      tenant: tenant.name,
      paths: [gatheredDir(tenant), ...data.flatMap((one) => pathsOf(tenant, one))],
      pauses: data.flatMap(({ pauses }) => pauses),
    },
    { do: 'remove directory', target: gatheredDir(tenant), why: 'is in the snapshot' },
    ...dumps.map(({ path }): Bare => ({ do: 'remove file', target: path, why: 'is in the snapshot' })),
    {
      do: 'forget snapshots',
      target: repository.place,
      why: `${keep.keepDaily} daily, ${keep.keepWeekly} weekly, ${keep.keepMonthly} monthly stay`,
      repository,
      keep,
    },
  ]);
}

function planRepository({ repository, hasPassword, hasRepository, newPassword }: BackupInput): Bare[] {
  const { passwordFile, place } = repository;
  const path = passwordFile.slice(0, passwordFile.lastIndexOf('/'));
  const password: Bare[] = [
    {
      do: 'create directory',
      target: path,
      why: 'for passwords of backups',
      directory: { path, ...ROOT, mode: 0o700 },
    },
    {
      do: 'write file',
      target: passwordFile,
      why: 'nobody reads the backups without it: keep a copy elsewhere',
      text: `${newPassword}\n`,
      ...ROOT,
      mode: 0o600,
    },
  ];
  return [
    ...(hasPassword ? [] : password),
    ...(hasRepository
      ? []
      : [{ do: 'make repository', target: place, why: 'not found', repository } as const]),
  ];
}

function planGathering({ tenant, gathered }: BackupInput): Bare[] {
  const path = gatheredDir(tenant);
  return [
    {
      do: 'create directory',
      target: path,
      why: `for ${[...gathered.keys()].join(', ')}`,
      directory: { path, ...ROOT, mode: 0o700 },
    },
    ...[...gathered].map(
      ([name, text]): Bare => ({
        do: 'write file',
        target: `${path}/${name}`,
        why: 'goes into the snapshot',
        text,
        ...ROOT,
        mode: 0o600,
      }),
    ),
  ];
}

const dumpPath = (tenant: Tenant, { directories: [first = ''], dump }: FoundData): string =>
  `${dataDir(tenant)}/${first}/${dump?.file ?? ''}`;

/** Of a service that writes a copy, that copy alone: its own files are of no one moment. */
const pathsOf = (tenant: Tenant, data: FoundData): string[] =>
  data.dump === undefined
    ? data.directories.map((dir) => `${dataDir(tenant)}/${dir}`)
    : [dumpPath(tenant, data)];

function whyOf(data: readonly FoundData[]): string {
  const names = data.map(({ service }) => service).join(', ') || 'no data yet';
  const stopped = data.filter(({ pauses }) => pauses.length > 0).map(({ service }) => service);
  if (stopped.length === 0) return names;
  return `${names}; all is read while they run, then ${stopped.join(', ')} stop for what changed since`;
}
