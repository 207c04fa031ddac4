import { createHash } from 'node:crypto';
import type { FirewallWish } from '../firewall/raise.ts';
import type { PathFacts } from '../host/host.ts';
import type { Step } from '../stack/step.ts';
import type { Directory } from '../tenant/layout.ts';
import type { Piece } from './pieces.ts';

/** What `aiplat host init` has put on this host, for `--undo`. Root-owned, in the state directory. */
export interface InstallRecord {
  /** Path → SHA-256 of the texts that were written: the last one, and the one before it. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly groups: readonly string[];
  readonly directories: readonly string[];
}

export const NOTHING_INSTALLED: InstallRecord = { files: {}, groups: [], directories: [] };

/** What a host has to have. */
export interface Install {
  readonly recordPath: string;
  /** Where the record lies. */
  readonly stateDir: Directory;
  readonly directories: readonly Directory[];
  readonly groups: readonly string[];
  readonly pieces: readonly Piece[];
  /** Undefined on a host that goes without. */
  readonly firewall: FirewallWish | undefined;
}

/** What was found of it. */
export interface FoundInstall {
  readonly record: InstallRecord;
  /** Directories and files that exist. */
  readonly paths: ReadonlyMap<string, PathFacts>;
  /** Texts of the files that exist. */
  readonly texts: ReadonlyMap<string, string>;
  readonly groups: ReadonlySet<string>;
  /** Does systemd run this host? */
  readonly hasUnits: boolean;
  /** Timers that start at every boot. */
  readonly enabled: ReadonlySet<string>;
  /** Why the firewall has to be raised; undefined when it stands. */
  readonly firewallFault: string | undefined;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * What makes a host ready, one step after the other. What will be put there is written down first, so that
 * an interrupted run leaves nothing that `--undo` does not know.
 */
export function planInstall(install: Install, found: FoundInstall): Step[] {
  const wanted = install.pieces.filter((piece) => hasPlace(piece, install, found));
  const steps = [
    ...planDirectories([install.stateDir], found),
    ...planRecord(install, wanted, found),
    ...planDirectories(install.directories, found),
    ...install.groups
      .filter((name) => !found.groups.has(name))
      .map((name) => ({ do: 'create group', target: name, why: 'not found' }) as const),
    ...wanted.flatMap((piece) => planPiece(piece, found)),
    ...planFirewall(install.firewall, found),
  ];
  return chained(steps);
}

/** A step of a plan in which each waits for the one before. */
export type Bare = Step extends infer One ? (One extends Step ? Omit<One, 'id' | 'needs'> : never) : never;

/** Each after the one before. */
export const chained = (steps: readonly Bare[]): Step[] =>
  steps.map((step, at) => ({ ...step, id: String(at), needs: at === 0 ? [] : [String(at - 1)] }) as Step);

const planFirewall = (wish: FirewallWish | undefined, { firewallFault: why }: FoundInstall): Bare[] =>
  wish === undefined || why === undefined
    ? []
    : [{ do: 'raise firewall', target: 'the table inet aiplat', why, wish }];

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** A program that is not installed has no folder for its settings; units are of no use without systemd. */
const hasPlace = ({ path }: Piece, { directories }: Install, { paths, hasUnits }: FoundInstall): boolean =>
  (hasUnits || !/\.(service|timer)$/.test(path)) &&
  (paths.has(parentOf(path)) || directories.some((directory) => directory.path === parentOf(path)));

const planDirectories = (directories: readonly Directory[], { paths }: FoundInstall): Bare[] =>
  directories
    .filter(({ path }) => !paths.has(path))
    .map((directory) => ({ do: 'create directory', target: directory.path, why: 'not found', directory }));

function planRecord(install: Install, wanted: readonly Piece[], found: FoundInstall): Bare[] {
  const written = wanted.filter((piece) => reasonOf(piece, found) !== undefined);
  const record: InstallRecord = {
    files: {
      ...found.record.files,
      ...Object.fromEntries(written.map(({ path, text }) => [path, hashesOf(path, text, found)])),
    },
    groups: [
      ...new Set([...found.record.groups, ...install.groups.filter((name) => !found.groups.has(name))]),
    ],
    directories: [
      ...new Set([
        ...found.record.directories,
        ...install.directories.map(({ path }) => path).filter((path) => !found.paths.has(path)),
      ]),
    ],
  };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if (JSON.stringify(record) === JSON.stringify(found.record)) return [];
  return [
    {
      do: 'write file',
      target: install.recordPath,
      why: 'for `aiplat host init --undo`',
      text,
      uid: 0,
      gid: 0,
      mode: 0o600,
    },
  ];
}

/** The old text stays known, because the run may end before the new one is there. */
function hashesOf(path: string, text: string, { texts }: FoundInstall): string[] {
  const before = texts.get(path);
  return [...new Set([...(before === undefined ? [] : [sha256(before)]), sha256(text)])];
}

const isOurs = (path: string, { record, texts }: FoundInstall): boolean =>
  record.files[path]?.includes(sha256(texts.get(path) ?? '')) === true;

/** @returns undefined when the file is as it has to be. */
function reasonOf(
  { path, text, mode, kind, isAdmins, yields }: Piece,
  found: FoundInstall,
): string | undefined {
  const there = found.paths.get(path);
  if (there === undefined) return 'not found';
  if (isAdmins) return undefined;
  if (yields && !isOurs(path, found)) return undefined;
  if (found.texts.get(path) !== text) return isOurs(path, found) ? 'of another aiplat' : 'changed';
  if (there.uid !== 0 || there.mode !== mode) return 'has another owner or mode';
  return kind === 'timer' && !found.enabled.has(unitOf(path)) ? 'not started' : undefined;
}

/** `/etc/systemd/system/x.timer` → `x.timer`. */
export const unitOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function planPiece(piece: Piece, found: FoundInstall): Bare[] {
  const why = reasonOf(piece, found);
  if (why === undefined) return [];
  const { path, text, mode, kind } = piece;
  if (kind === 'timer') return [{ do: 'start timer', target: unitOf(path), why, text }];
  if (kind === 'sudoers') return [{ do: 'write sudo rule', target: path, why, text }];
  return [{ do: 'write file', target: path, why, text, uid: 0, gid: 0, mode }];
}

/** A file that somebody changed since is left; the report names it. */
export const changedSince = (found: FoundInstall): string[] =>
  Object.keys(found.record.files).filter((path) => found.paths.has(path) && !isOurs(path, found));

/** What lies in the state directory is aiplat's, whoever made it: a deploy before the host was prepared, too. */
const ownDirectories = ({ stateDir, directories }: Install): string[] =>
  directories.map(({ path }) => path).filter((path) => path.startsWith(`${stateDir.path}/`));

/** Takes back exactly what the record names, as far as it still is what was put there. */
export function planUndo(install: Install, found: FoundInstall, busyGroups: ReadonlySet<string>): Step[] {
  const { recordPath, stateDir, firewall } = install;
  const kept = new Set(changedSince(found));
  const files = Object.keys(found.record.files).filter((path) => found.paths.has(path) && !kept.has(path));
  const why = 'aiplat put it there';
  const removals = (paths: readonly string[], action: 'remove file' | 'remove empty directory'): Bare[] =>
    paths
      .filter((path) => found.paths.has(path))
      .reverse()
      .map((target) =>
        target.endsWith('.timer')
          ? { do: 'stop timer', target: unitOf(target), why }
          : { do: action, target, why },
      );
  return chained([
    ...removals(files, 'remove file'),
    ...found.record.groups
      .filter((name) => found.groups.has(name) && !busyGroups.has(name))
      .map((target): Bare => ({ do: 'remove group', target, why })),
    ...planFirewall(firewall, found),
    ...removals(
      [...new Set([...ownDirectories(install), ...found.record.directories])],
      'remove empty directory',
    ),
    // Last, so that a run that was interrupted still knows what is left.
    ...removals([recordPath], 'remove file'),
    ...removals([stateDir.path], 'remove empty directory'),
  ]);
}
