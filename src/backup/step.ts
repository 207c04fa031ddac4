import type { Keep, Repository } from './restic.ts';

/** A container that stands still while its data is read. */
export interface Pause {
  readonly containerId: string;
  readonly name: string;
  /** The AppArmor profile that it has to wear when it is up again. */
  readonly profile: string | undefined;
  /** Not well before, so nobody waits until it is after. */
  readonly wasIll: boolean;
}

/** Steps of backups and of bringing them back; what all steps have stands in stack/step.ts. */
export type BackupDeed =
  | { readonly do: 'make repository'; readonly repository: Repository }
  | { readonly do: 'write dump'; readonly containerId: string; readonly command: readonly string[] }
  | {
      readonly do: 'take snapshot';
      readonly repository: Repository;
      readonly tenant: string;
      readonly paths: readonly string[];
      readonly pauses: readonly Pause[];
    }
  | { readonly do: 'forget snapshots'; readonly repository: Repository; readonly keep: Keep }
  | {
      readonly do: 'restore files';
      readonly repository: Repository;
      readonly snapshot: string;
      /** Paths in the snapshot; none: all of it. */
      readonly only: readonly string[];
    }
  /** Files that are not of this UID are closed to all but their owner. */
  | { readonly do: 'close foreign files'; readonly uid: number }
  | { readonly do: 'move'; readonly from: string }
  | { readonly do: 'load dump'; readonly command: readonly string[] };
