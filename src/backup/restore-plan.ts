import { dirname } from 'node:path';
import type { FoundContainer } from '../host/docker.ts';
import { type Bare, chained } from '../install/plan.ts';
import type { Step } from '../stack/step.ts';
import { alignId, serviceId } from '../stack/step-ids.ts';
import type { Tenant } from '../tenant/identity.ts';
import { type Directory, envPath } from '../tenant/layout.ts';
import { asideName, RESTORING, restoringDir } from './aside.ts';
import { type Contents, dataDir, type SavedDirectory } from './contents.ts';
import type { Repository, Snapshot } from './restic.ts';
import { planCleaning } from './restore-cleaning.ts';

/** One directory that comes back. */
export interface Returning extends SavedDirectory {
  readonly service: string;
  readonly owner: Directory;
  /** Brings the copy in `file` back into the running program. */
  readonly load: { readonly container: string; readonly command: readonly string[] } | undefined;
}

export interface ReturningEnv {
  /** As it has to be. */
  readonly text: string;
  /** As it is now. */
  readonly current: string | undefined;
  /** Names in its directory. */
  readonly present: readonly string[];
}

export interface RestoreInput {
  readonly tenant: Tenant;
  readonly repository: Repository;
  readonly snapshot: Snapshot;
  readonly contents: Contents;
  /** Is it one service alone? */
  readonly isPart: boolean;
  readonly returning: readonly Returning[];
  /** Names in the data directory. */
  readonly present: readonly string[];
  readonly containers: readonly FoundContainer[];
  readonly env: ReturningEnv;
  /** Such as 20261124T100000Z. */
  readonly stamp: string;
  /** What makes the stack run again with the data in its place. */
  readonly deploy: readonly Step[];
}

/**
 * Data comes back beside its place, current data steps aside, and only when all is healthy is it removed. A
 * run that was interrupted is done again from the beginning; what stepped aside in it stays until then.
 */
export function planRestore(input: RestoreInput): Step[] {
  const first = chained([
    ...planArrival(input),
    ...planClosing(input),
    ...planChange(input),
    ...planEnv(input),
  ]);
  const ready = first.at(-1)?.id ?? '';
  const loads = planLoads(input);
  const deploy = input.deploy.map((step) => ({
    ...step,
    needs: [...step.needs, ready, ...loadOf(step, loads)],
  }));
  const all = [...first, ...deploy, ...loads].map(({ id }) => id);
  return [...first, ...deploy, ...loads, ...planCleaning(input, all)];
}

function planArrival({
  tenant,
  repository,
  snapshot,
  contents,
  isPart,
  returning,
  present,
}: RestoreInput): Bare[] {
  const path = restoringDir(tenant);
  const left: Bare = { do: 'remove directory', target: path, why: 'of a restore that was interrupted' };
  return [
    ...(present.includes(RESTORING) ? [left] : []),
    {
      do: 'create directory',
      target: path,
      why: 'for what comes back, beside its place',
      directory: { path, uid: 0, gid: 0, mode: 0o700 },
    },
    {
      do: 'restore files',
      target: path,
      why: `snapshot ${snapshot.id.slice(0, 8)} of ${snapshot.time.slice(0, 19)}Z`,
      repository,
      snapshot: snapshot.id,
      only: isPart ? returning.map(({ dir }) => `${contents.dataDir}/${dir}`) : [],
    },
  ];
}

const arrivedAt = ({ tenant, contents }: RestoreInput, dir: string): string =>
  `${restoringDir(tenant)}${contents.dataDir}/${dir}`;

const planClosing = (input: RestoreInput): Bare[] =>
  input.returning.map(({ dir, owner }) => ({
    do: 'close foreign files',
    target: arrivedAt(input, dir),
    why: `what is not UID ${owner.uid}'s stays closed to it`,
    uid: owner.uid,
  }));

/** Nothing stops before everything has arrived. */
function planChange(input: RestoreInput): Bare[] {
  const { tenant, returning, present, containers, stamp } = input;
  const data = dataDir(tenant);
  const removals = containers.map(
    ({ id, name }): Bare => ({
      do: 'remove container',
      target: name,
      why: 'its data is replaced',
      containerId: id,
    }),
  );
  const moves = returning.flatMap(({ dir, owner }): Bare[] => [
    ...(present.includes(dir)
      ? [
          {
            do: 'move',
            from: `${data}/${dir}`,
            target: `${data}/${asideName(dir, stamp)}`,
            why: 'kept until all is healthy',
          } as const,
        ]
      : []),
    {
      do: 'move',
      from: arrivedAt(input, dir),
      target: owner.path,
      why: 'comes back',
    },
    { do: 'create directory', target: owner.path, why: 'its owner and mode', directory: owner },
  ]);
  return [...removals, ...moves];
}

/** The one of now has the keys of the data that steps aside. */
function planEnv({ tenant, env: { text, current }, stamp }: RestoreInput): Bare[] {
  if (text === current) return [];
  const path = envPath(tenant);
  const aside = `${dirname(path)}/${asideName('env', stamp)}`;
  const old: Bare[] =
    current === undefined
      ? []
      : [
          {
            do: 'write file',
            target: aside,
            why: 'a copy of the .env, kept until all is healthy',
            text: current,
            uid: 0,
            gid: 0,
            mode: 0o600,
          },
        ];
  const { uid, gid } = tenant;
  return [...old, { do: 'write file', target: path, why: 'comes back', text, uid, gid, mode: 0o600 }];
}

const loadId = (service: string): string => `load ${service}`;

const planLoads = ({ returning }: RestoreInput): Step[] =>
  returning.flatMap(({ service, load }) =>
    load === undefined
      ? []
      : [
          {
            id: loadId(service),
            do: 'load dump',
            target: load.container,
            why: 'the copy takes the place of its empty data',
            needs: [serviceId(service)],
            command: load.command,
          },
        ],
  );

/** A copy brings the old password along: data is brought in line with the secret after it. */
const loadOf = ({ id }: Step, loads: readonly Step[]): string[] =>
  loads.map((load) => load.id).filter((load) => id === alignId(load.slice(loadId('').length)));
