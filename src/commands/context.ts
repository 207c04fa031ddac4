import type { Host } from '../host/host.ts';
import type { Report } from '../report/report.ts';
import type { LastWords } from './last-words.ts';

/** Who called, as the process knows it. */
export interface CallerFacts {
  readonly uid: number;
  readonly sudoUid: number | undefined;
  readonly cwd: string;
  readonly commandLine: string;
}

/** Where this aiplat is, for what is started later: by sudo, by timers. */
export interface Installation {
  /** The folder with dist/ and templates/. */
  readonly dir: string;
  /** The Node.js that runs it. */
  readonly node: string;
  /** The engine that the caller's environment names. */
  readonly dockerHost: string | undefined;
}

/** What every command gets: the machine, the voice, and who called. */
export interface Context {
  readonly host: Host;
  readonly report: Report;
  readonly caller: CallerFacts;
  readonly configPath: string;
  readonly version: string;
  readonly installation: Installation;
  readonly lastWords: LastWords;
}

/** Options that every command on a tenant has. */
export interface TenantOptions {
  readonly tenant?: string;
  readonly waitLock?: number;
}
