import type { Host } from '../host/host.ts';
import type { Report } from '../report/report.ts';

/** Who called, as the process knows it. */
export interface CallerFacts {
  readonly uid: number;
  readonly sudoUid: number | undefined;
  readonly cwd: string;
  readonly commandLine: string;
}

/** What every command gets: the machine, the voice, and who called. */
export interface Context {
  readonly host: Host;
  readonly report: Report;
  readonly caller: CallerFacts;
  readonly configPath: string;
  readonly version: string;
}

/** Options that every command on a tenant has. */
export interface TenantOptions {
  readonly tenant?: string;
  readonly waitLock?: number;
}
