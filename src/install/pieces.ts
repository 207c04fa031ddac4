import { expand, type Scope } from '../catalog/expand.ts';
import { notReady } from '../errors.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import { LAUNCHER } from './launcher.ts';

/** A file that `aiplat host init` puts on a host. */
export interface Piece {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** How it is put in place: as it is, only when visudo(8) accepts it, or as a timer that starts at once. */
  readonly kind: 'file' | 'sudoers' | 'timer';
  /** The admin's from then on: never written a second time, whatever stands in it. */
  readonly isAdmins: boolean;
  /** Only where nothing else of that name is. */
  readonly yields: boolean;
}

/** What the files of a host say beyond the host config. */
export interface InstallFacts {
  readonly configPath: string;
  readonly node: string;
  readonly start: string;
  readonly dockerHost: string | undefined;
  /** The words of the command line that a tenant may use, such as `ops status`. */
  readonly tenantCommands: readonly string[];
  readonly completion: string;
}

/** The same for everybody's PATH. */
const COMMAND = '/usr/local/bin/aiplat';
const SUDOERS = '/etc/sudoers.d/aiplat';
const LOGROTATE = '/etc/logrotate.d/aiplat';
const UNIT_DIR = '/etc/systemd/system';
const COMPLETION = '/etc/bash_completion.d/aiplat';

/** What runs by itself, and when (systemd.time(7)). */
const TIMED = [
  { name: 'renew-ssl', words: 'ops renew-ssl', what: 'certificates', when: '*-*-* 03,15:00' },
  { name: 'backup', words: 'ops backup --wait-lock 3600', what: 'backups', when: '*-*-* 01:30' },
] as const;

/** Texts of templates/host, by name. */
export const INSTALL_TEMPLATES = [
  'launcher',
  'sudoers',
  'logrotate',
  'config.json',
  'timed.service',
  'timed.timer',
] as const;
export type InstallTemplates = Readonly<Record<(typeof INSTALL_TEMPLATES)[number], string>>;

/** The files of a host, in the order in which they are put there: the rule comes after what it names. */
export function installPieces(config: HostConfig, facts: InstallFacts, templates: InstallTemplates): Piece[] {
  const scope = scopeOf(config, facts);
  const launcher = expand(templates.launcher, scope);
  return [
    piece(facts.configPath, templates['config.json'], 0o644, { isAdmins: true }),
    piece(LAUNCHER, launcher, 0o755),
    piece(COMMAND, launcher, 0o755, { yields: true }),
    piece(SUDOERS, expand(templates.sudoers, scope), 0o440, { kind: 'sudoers' }),
    piece(LOGROTATE, expand(templates.logrotate, scope), 0o644),
    piece(COMPLETION, facts.completion, 0o644),
    ...TIMED.flatMap((timed) => timedPieces(timed, templates)),
  ];
}

const piece = (path: string, text: string, mode: number, more: Partial<Piece> = {}): Piece => ({
  ...{ path, text, mode, kind: 'file', isAdmins: false, yields: false },
  ...more,
});

/** A service that does it once, and the timer that starts it. */
function timedPieces({ name, ...timed }: (typeof TIMED)[number], templates: InstallTemplates): Piece[] {
  const scope = Object.fromEntries(
    Object.entries({ ...timed, launcher: LAUNCHER }).map(([key, text]) => [key, () => text]),
  );
  const path = `${UNIT_DIR}/aiplat-${name}`;
  return [
    piece(`${path}.service`, expand(templates['timed.service'], scope), 0o644),
    piece(`${path}.timer`, expand(templates['timed.timer'], scope), 0o644, { kind: 'timer' }),
  ];
}

function scopeOf(config: HostConfig, facts: InstallFacts): Scope {
  const values: Readonly<Record<string, string>> = {
    node: shellWord(facts.node),
    start: shellWord(facts.start),
    config: shellWord(facts.configPath),
    runDir: shellWord(config.runDir),
    dockerHost: facts.dockerHost === undefined ? '' : ` DOCKER_HOST=${shellWord(facts.dockerHost)}`,
    launcher: LAUNCHER,
    tenantGroup: config.tenantGroup,
    adminGroup: config.adminGroup,
    logDir: config.logDir,
    commands: sudoCommands(facts.tenantCommands),
  };
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, () => text]));
}

/** With and without further words; what those say is aiplat's to check (sudoers(5), wildcards match blanks too). */
const sudoCommands = (commands: readonly string[]): string =>
  commands.flatMap((words) => [`${LAUNCHER} ${words}`, `${LAUNCHER} ${words} *`]).join(', \\\n    ');

/**
 * A word that a shell takes as it is.
 * @throws AiplatError (exit 3) for one that it would not.
 */
function shellWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+-]+$/.test(word)) return word;
  throw notReady(
    'aiplat cannot be called by others from where it lies.',
    `${JSON.stringify(word)} has letters that mean something else to a shell.`,
    'Move it to a plain path, such as /opt/aiplat, then run the same command again.',
  );
}
