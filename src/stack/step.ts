import type { ProfileFile } from '../apparmor/profile.ts';
import type { BackupDeed } from '../backup/step.ts';
import type { EdgeWish } from '../edge/raise.ts';
import type { FirewallWish } from '../firewall/raise.ts';
import type { ContainerSpec, NetworkSpec } from '../host/docker.ts';
import type { Slice } from '../host/host.ts';
import type { ImageBuild } from '../images/make.ts';
import type { ModelDeed } from '../models/step.ts';
import type { Directory } from '../tenant/layout.ts';
import type { FstabWish } from '../volumes/plan.ts';
import type { RenderedFolder } from './files.ts';
import type { WantedSlice } from './stack.ts';

interface StepBase {
  readonly id: string;
  /** The thing, by the name that the machine knows. */
  readonly target: string;
  /** A reason that a colleague would accept. */
  readonly why: string;
  /** Steps that must have succeeded before; ids that the plan does not have count as done. */
  readonly needs: readonly string[];
}

/** A container takes the place of another, which steps aside until the new one is healthy. */
export interface Replacement {
  readonly container: ContainerSpec;
  /** The container that serves now, under its own name. */
  readonly current: string | undefined;
  /** The container that an interrupted replacement has put aside already. */
  readonly previous: string | undefined;
  /** Is `current` the new one already, left by an interrupted replacement? */
  readonly isStarted: boolean;
}

/** Writing what a running program takes over without a restart. */
export interface Reload {
  readonly containerId: string;
  readonly folder: RenderedFolder;
  readonly file: string;
  readonly check: readonly string[];
  readonly apply: readonly string[];
}

/** One thing to do. A plan is a list of these, and `--dry-run`, the log and the tests all see the same list. */
export type Step = StepBase &
  (
    | { readonly do: 'create directory'; readonly directory: Directory }
    | {
        readonly do: 'write file';
        readonly text: string;
        readonly uid: number;
        readonly gid: number;
        readonly mode: number;
      }
    | { readonly do: 'make file system'; readonly label: string; readonly uuid: string }
    | { readonly do: 'write fstab'; readonly wish: FstabWish }
    | {
        readonly do: 'mount volume';
        readonly device: string;
        /** Only its options are to change. */
        readonly isMounted: boolean;
        readonly options: readonly string[];
      }
    | { readonly do: 'grow file system' }
    | { readonly do: 'unmount volume' }
    | { readonly do: 'pull image' }
    | { readonly do: 'remove image' }
    | { readonly do: 'make base image'; readonly workDir: string }
    | { readonly do: 'build image'; readonly build: ImageBuild }
    | { readonly do: 'create network'; readonly network: NetworkSpec }
    | { readonly do: 'write files'; readonly folder: RenderedFolder }
    | { readonly do: 'create container'; readonly container: ContainerSpec }
    | { readonly do: 'load profiles'; readonly profiles: ProfileFile }
    | { readonly do: 'unload profiles'; readonly names: readonly string[] }
    | { readonly do: 'raise firewall'; readonly wish: FirewallWish }
    | { readonly do: 'raise edge'; readonly wish: EdgeWish }
    | { readonly do: 'lower edge'; readonly wish: EdgeWish }
    | { readonly do: 'set limits'; readonly slice: WantedSlice }
    | { readonly do: 'remove limits'; readonly slice: Slice }
    | { readonly do: 'start container'; readonly containerId: string; readonly profile: string | undefined }
    | { readonly do: 'restart container'; readonly containerId: string; readonly profile: string | undefined }
    | { readonly do: 'stop container'; readonly containerId: string }
    | { readonly do: 'replace container'; readonly replacement: Replacement }
    | {
        readonly do: 'align data';
        readonly command: readonly string[];
        /** What the command reads: the place for secrets. */
        readonly input?: string;
        readonly marker: string;
        /** What the marker holds afterwards; left out, the id of the container. */
        readonly mark?: string;
      }
    | {
        readonly do: 'log in node';
        readonly container: ContainerSpec;
        /** Ids of containers that run: the node's own, then those that share its network. */
        readonly standing: readonly string[];
      }
    | { readonly do: 'reload config'; readonly reload: Reload }
    | {
        readonly do: 'renew certificates';
        readonly containerId: string;
        readonly command: readonly string[];
      }
    | { readonly do: 'remove container'; readonly containerId: string }
    | { readonly do: 'remove network'; readonly networkId: string }
    | { readonly do: 'remove directory' }
    /** One that has something in it stays. */
    | { readonly do: 'remove empty directory' }
    | { readonly do: 'remove file' }
    | { readonly do: 'create account' }
    | { readonly do: 'remove account' }
    | { readonly do: 'create group' }
    | { readonly do: 'remove group' }
    | { readonly do: 'add member'; readonly group: string }
    | { readonly do: 'remove member'; readonly group: string }
    | { readonly do: 'write sudo rule'; readonly text: string }
    | { readonly do: 'start timer'; readonly text: string }
    | { readonly do: 'stop timer' }
    | { readonly do: 'reserve ports'; readonly ranges: string; readonly text: string | undefined }
    | BackupDeed
    | ModelDeed
  );

/** The plan as lines of three columns: what, on which thing, why. */
export function planLines(steps: readonly Step[]): string[] {
  const width = (pick: (step: Step) => string): number =>
    Math.max(0, ...steps.map((step) => pick(step).length));
  const doing = width((step) => step.do);
  const target = width((step) => step.target);
  return steps.map((step) => `${step.do.padEnd(doing)}  ${step.target.padEnd(target)}  ${step.why}`);
}
