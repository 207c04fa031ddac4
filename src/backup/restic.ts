import * as z from 'zod';
import type { BackupConfig } from '../tenant/config-fields.ts';

/** One tenant's repository, and what opens it. */
export interface Repository {
  /** A path, or `s3:…`, as restic knows it. */
  readonly place: string;
  readonly passwordFile: string;
  readonly cacheDir: string;
  /** KEY=value lines for restic's environment. */
  readonly environmentFile: string | undefined;
}

/** How many snapshots stay. */
export type Keep = Pick<BackupConfig, 'keepDaily' | 'keepWeekly' | 'keepMonthly'>;

/**
 * A snapshot is made as `unfinished` and becomes `complete` when all is in it. Whatever is not, an interrupted
 * command left, or read while services wrote.
 */
export const TAG = { unfinished: 'unfinished', complete: 'complete', added: 'added=' } as const;

/** What every call of restic says first. A password stands in its file alone. */
export const openArgs = ({ place, passwordFile, cacheDir }: Repository): string[] => [
  ...['--repo', place],
  ...['--password-file', passwordFile],
  ...['--cache-dir', cacheDir],
];

/** Reads what lies at these paths: no links are followed, and no other file systems entered. */
export const backupArgs = (tenant: string, paths: readonly string[]): string[] => [
  ...['backup', '--json', '--one-file-system', '--host', tenant, '--tag', TAG.unfinished],
  ...['--', ...paths],
];

/** So much was added in bytes: restic before 0.17 does not remember it. */
export const completeArgs = (id: string, addedBytes: number): string[] => [
  ...['tag', '--quiet', '--set', TAG.complete, '--set', `${TAG.added}${addedBytes}`, '--', id],
];

/** What was taken within a day stays in any case, so that a bad one does not take the place of the one before. */
export const forgetArgs = ({ keepDaily, keepWeekly, keepMonthly }: Keep): string[] => [
  ...['forget', '--quiet', '--tag', TAG.complete, '--group-by', '', '--keep-within', '1d'],
  ...['--keep-daily', String(keepDaily), '--keep-weekly', String(keepWeekly)],
  ...['--keep-monthly', String(keepMonthly), '--prune'],
];

/** A snapshot that is whole. */
export interface Snapshot {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly paths: readonly string[];
  readonly addedBytes: number;
}

const Listed = z.array(
  z.object({
    id: z.string(),
    time: z.string(),
    paths: z.array(z.string()),
    tags: z.array(z.string()).nullish(),
  }),
);

export interface Listing {
  /** The oldest first. */
  readonly complete: readonly Snapshot[];
  /** Ids of those that may go. */
  readonly unfinished: readonly string[];
}

/** Reads the answer of `restic snapshots --json`: one line of it, whatever warnings stand around. */
export function parseSnapshots(lines: readonly string[]): Listing {
  const line = lines.find((one) => one.startsWith('[')) ?? '[]';
  const all = Listed.parse(JSON.parse(line)).sort(
    (one, other) => Date.parse(one.time) - Date.parse(other.time),
  );
  const isComplete = ({ tags }: (typeof all)[number]): boolean => tags?.includes(TAG.complete) === true;
  return {
    complete: all.filter(isComplete).map(({ id, time, paths, tags }) => ({
      id,
      time: new Date(time).toISOString(),
      paths,
      addedBytes: Number(tags?.find((tag) => tag.startsWith(TAG.added))?.slice(TAG.added.length) ?? 0),
    })),
    unfinished: all.filter((one) => !isComplete(one)).map(({ id }) => id),
  };
}

const Message = z.discriminatedUnion('message_type', [
  z.object({ message_type: z.literal('status'), percent_done: z.number().default(0) }),
  z.object({ message_type: z.literal('summary'), snapshot_id: z.string(), data_added: z.number() }),
]);
export type ResticMessage = z.infer<typeof Message>;

/** One line of `restic backup --json`; undefined when it tells nothing that aiplat needs. */
export function parseMessage(line: string): ResticMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  const result = Message.safeParse(JSON.parse(line));
  return result.success ? result.data : undefined;
}
