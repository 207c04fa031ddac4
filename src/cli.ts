import { join } from 'node:path';
import { CommanderError } from 'commander';
import { commandLine, tooLong } from './commands/command-line.ts';
import type { Context } from './commands/context.ts';
import { type LastWords, lastWords } from './commands/last-words.ts';
import type { Run } from './commands/options.ts';
import { buildProgram } from './commands/program.ts';
import { type AiplatError, EXIT, type ExitCode, messageOf } from './errors.ts';
import { patient } from './host/output.ts';
import { LAUNCHER } from './install/launcher.ts';
import type { Terminal } from './report/terminal.ts';

declare const __VERSION__: string;
/** The folder of this aiplat: bin/, dist/, templates/. */
const HOME = join(import.meta.dirname, '..');
const VERSION = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-source';

/** Runs one command: the real machine, the voice, the exit code. Heavy modules load here and not before. */
const run: Run = async (work, wantsJson) => {
  const [{ createReport }, { realHost }] = await Promise.all([
    import('./report/report.ts'),
    import('./host/real.ts'),
  ]);
  const report = createReport(terminalOf(wantsJson), VERSION);
  const refusal = tooLong(CALLER.commandLine) ?? (await becomeRoot());
  if (refusal !== undefined) {
    process.exitCode = report.finish(refusal);
    return;
  }
  const stop = new AbortController();
  const words = lastWords();
  endWithWords(words);
  const output = watchOutput(stop);
  try {
    const context = {
      host: realHost(process.env, join(HOME, 'templates')),
      report,
      caller: CALLER,
      configPath: process.env.AIPLAT_CONFIG ?? '/etc/aiplat/config.json',
      version: VERSION,
      installation: { dir: HOME, node: process.execPath, dockerHost: process.env.DOCKER_HOST },
      lastWords: words,
    };
    await work(context, stop.signal);
    const code = report.finish();
    process.exitCode = output.isLost ? EXIT.stopped : code;
  } catch (error) {
    process.exitCode = report.finish(error);
  }
};

/**
 * Everything that aiplat looks at or changes is root's. A tenant's command line goes on as root through
 * sudo, on hosts that `aiplat host init` has prepared; then this process is replaced and nothing comes back.
 */
async function becomeRoot(): Promise<AiplatError | undefined> {
  if (CALLER.uid === 0) return undefined;
  const { elevate } = await import('./host/elevate.ts');
  const words = process.argv.slice(2);
  if (elevate(LAUNCHER, words, process.env) === 'no way') return undefined;
  const [{ elevationRefused }, { tenantCommands }] = await Promise.all([
    import('./commands/elevation.ts'),
    import('./commands/completion.ts'),
  ]);
  return elevationRefused(CALLER, words, tenantCommands(buildProgram(VERSION, run)));
}

/** Whoever reads the words may go away; what has begun is brought to its end all the same. */
function watchOutput(stop: AbortController): { readonly isLost: boolean } {
  const output = { isLost: false };
  OUTPUT.err.on('error', () => undefined);
  OUTPUT.out.on('error', (error: NodeJS.ErrnoException) => {
    stop.abort();
    // The reader has had enough (`… | head`): no trouble of ours.
    if (error.code === 'EPIPE') return;
    output.isLost = true;
    process.exitCode = EXIT.stopped;
    OUTPUT.err.write(`! The answer cannot be written: ${messageOf(error)}\n`);
  });
  return output;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal lets the command say its last words and then ends it; the next one ends it at once. */
function endWithWords(words: LastWords): void {
  const end = (signal: NodeJS.Signals): void => {
    for (const name of SIGNALS) process.removeListener(name, end);
    words
      .say()
      .catch((thrown: unknown) => process.stderr.write(`! ${messageOf(thrown)}\n`))
      .finally(() => process.kill(process.pid, signal));
  };
  for (const name of SIGNALS) process.on(name, end);
}

const CALLER: Context['caller'] = {
  uid: process.getuid?.() ?? -1,
  sudoUid: /^\d+$/.test(process.env.SUDO_UID ?? '') ? Number(process.env.SUDO_UID) : undefined,
  cwd: workingDirectory(),
  commandLine: commandLine(process.argv.slice(2)),
};

/** Whoever called root does not hold it up. */
const OUTPUT =
  CALLER.uid === 0 && CALLER.sudoUid !== undefined
    ? { out: patient(process.stdout), err: patient(process.stderr) }
    : { out: process.stdout, err: process.stderr };

/** One that was deleted meanwhile has no name. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

function terminalOf(wantsJson: boolean): Terminal {
  const isPlain = process.env.CI !== undefined || process.env.TERM === 'dumb';
  return {
    out: (text) => OUTPUT.out.write(text),
    err: (text) => OUTPUT.err.write(text),
    // Some pseudo-terminals of automation say that they have no columns: a spinner would draw without end there.
    isForPerson: process.stdout.isTTY === true,
    isLive: process.stderr.isTTY === true && process.stderr.columns > 0 && !isPlain && !wantsJson,
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true && !isPlain && !wantsJson,
    hasColour:
      process.stdout.isTTY === true &&
      process.stderr.isTTY === true &&
      !isPlain &&
      process.env.NO_COLOR === undefined,
    width: process.stderr.columns || 80,
    wantsJson,
  };
}

/** Commander has printed its own words already; a wrong command line is bad input. */
function commandLineCode(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
  throw error;
}

// Every file and directory is made with a mode of its own; a caller's umask takes nothing from it.
process.umask(0o022);
process.chdir('/');
try {
  await buildProgram(VERSION, run).parseAsync();
} catch (error) {
  process.exitCode = commandLineCode(error);
}
