/**
 * What the exit code of aiplat means. A contract with cron jobs and scripts: numbers are never reused.
 */
export const EXIT = {
  done: 0,
  stopped: 1,
  refused: 2,
  notReady: 3,
  unhealthy: 4,
  busy: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Trouble {
  /** What happened, naming the thing and the tenant. */
  what: string;
  /** The fact that was observed: a number, a path, a tool's own last line. */
  why: string;
  /** Something to type or to change. */
  fix: string;
  exitCode: ExitCode;
  cause?: unknown;
}

/** The only error that aiplat throws on purpose. All three texts are for the person who reads them at night. */
export class AiplatError extends Error {
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly exitCode: ExitCode;

  constructor(trouble: Trouble) {
    super(trouble.what, trouble.cause === undefined ? {} : { cause: trouble.cause });
    this.name = 'AiplatError';
    this.what = trouble.what;
    this.why = trouble.why;
    this.fix = trouble.fix;
    this.exitCode = trouble.exitCode;
  }
}

/** Bad input: exit 2, nothing was touched. */
export const refused = (what: string, why: string, fix: string, cause?: unknown): AiplatError =>
  new AiplatError({ what, why, fix, exitCode: EXIT.refused, cause });

/** The machine is not ready: exit 3, nothing was touched. */
export const notReady = (what: string, why: string, fix: string, cause?: unknown): AiplatError =>
  new AiplatError({ what, why, fix, exitCode: EXIT.notReady, cause });

/** The text of anything that was thrown, for a `why`. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
