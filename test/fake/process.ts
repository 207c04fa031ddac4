import type { Context } from '../../src/commands/context.ts';
import { type LastWords, lastWords } from '../../src/commands/last-words.ts';
import { createReport } from '../../src/report/report.ts';
import type { FakeHost } from './fake-host.ts';
import { Killed } from './life.ts';

export const CONFIG_PATH = '/etc/aiplat/config.json';

/** How a run of aiplat ended, as its caller sees it. */
export interface Ended {
  /** The exit code, or `killed`. */
  readonly exit: number | 'killed';
  readonly out: string;
  readonly err: string;
  /** What it changed on the machine, in words. */
  readonly changes: readonly string[];
}

export interface CallerOptions {
  readonly uid?: number;
  readonly sudoUid?: number;
  readonly cwd?: string;
  readonly json?: boolean;
  readonly isForPerson?: boolean;
  readonly commandLine?: string;
  /** A test that sends a signal has them said. */
  readonly lastWords?: LastWords;
}

type Work = (context: Context) => Promise<void>;

/** Runs one command as a new process on the machine: what cli.ts does, without the real world. */
export async function runCommand(host: FakeHost, work: Work, caller: CallerOptions = {}): Promise<Ended> {
  host.startProcess();
  return goOn(host, work, caller);
}

/** The same in the process that is there, which a test may have doomed. */
export async function goOn(host: FakeHost, work: Work, caller: CallerOptions = {}): Promise<Ended> {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    isLive: false,
    canAsk: false,
    isForPerson: caller.isForPerson === true,
    hasColour: false,
    width: 80,
    wantsJson: caller.json === true,
  };
  const report = createReport(terminal, '0.0.0');
  const { uid = 0, sudoUid, cwd = '/' } = caller;
  const context: Context = {
    host,
    report,
    caller: { uid, sudoUid, cwd, commandLine: caller.commandLine ?? 'aiplat' },
    configPath: CONFIG_PATH,
    version: '0.0.0',
    installation: {
      dir: '/opt/aiplat',
      node: '/opt/aiplat/node_modules/node/bin/node',
      dockerHost: undefined,
    },
    lastWords: caller.lastWords ?? lastWords(),
  };
  const exit = await work(context).then(
    () => report.finish(),
    (error: unknown) => (error instanceof Killed ? 'killed' : report.finish(error)),
  );
  return { exit, out, err, changes: [...host.changes] };
}
