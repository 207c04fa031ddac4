import { Chalk, type ChalkInstance } from 'chalk';
import { AiplatError, EXIT, type ExitCode } from '../errors.ts';
import type { Progress } from '../stack/apply.ts';
import { planLines, type Step } from '../stack/step.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { visible, visibleInColour } from './visible.ts';

/** Every word that a user sees goes through here: results to stdout, all else to stderr. */
export interface Report {
  readonly paint: ChalkInstance;
  readonly terminal: Terminal;
  /** A sentence about what goes on. */
  say(text: string): void;
  warn(text: string): void;
  /** Lines that the command was asked for. */
  show(lines: readonly string[]): void;
  /** The same for a program, printed once at the end when --json was given. */
  document(value: object): void;
  /** The plan, for the document; `isShown` prints it too. */
  plan(steps: readonly Step[], isShown: boolean): void;
  progress(): Progress;
  /** Says what went wrong, if anything did, and prints the document. */
  finish(error?: unknown): ExitCode;
}

export function createReport(terminal: Terminal, version: string): Report {
  const paint = new Chalk({ level: terminal.hasColour ? 1 : 0 });
  let document: object = {};
  const shown = terminal.hasColour ? visibleInColour : visible;
  const say = (text: string): void => terminal.err(`${shown(text)}\n`);
  return {
    paint,
    terminal,
    say,
    warn: (text) => say(`${paint.yellow('!')} ${text}`),
    show: (lines) => {
      if (!terminal.wantsJson) terminal.out(lines.map((line) => `${shown(line)}\n`).join(''));
    },
    document: (value) => {
      document = { ...document, ...value };
    },
    plan(steps, isShown) {
      if (isShown) this.show(planLines(steps));
      this.document({ plan: steps.map(({ do: action, target, why }) => ({ do: action, target, why })) });
    },
    progress: () => createProgress(terminal, paint, say),
    finish(error) {
      const trouble = error === undefined ? undefined : asTrouble(error, version);
      if (trouble !== undefined) explain(trouble, paint, say);
      if (terminal.wantsJson) {
        const { what, why, fix, exitCode } = trouble ?? {};
        const all = trouble === undefined ? document : { ...document, error: { what, why, fix, exitCode } };
        terminal.out(`${visible(JSON.stringify(all, null, 2))}\n`);
      }
      return trouble?.exitCode ?? EXIT.done;
    },
  };
}

function explain(trouble: AiplatError, paint: ChalkInstance, say: (text: string) => void): void {
  const indented = (text: string): string => text.split('\n').join('\n       ');
  say(`${paint.red('✖')} ${paint.bold(trouble.what)}`);
  say(`  ${paint.dim('why')}  ${indented(trouble.why)}`);
  say(`  ${paint.dim('fix')}  ${indented(trouble.fix)}`);
}

/** Whatever was thrown and is no AiplatError is a bug of aiplat, and says so. */
function asTrouble(error: unknown, version: string): AiplatError {
  if (error instanceof AiplatError) return error;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new AiplatError({
    what: 'This is a bug in aiplat.',
    why: `aiplat ${version}: ${stack}`,
    fix: 'Report it with the lines above. Running the same command again is safe: it goes on where this one stopped.',
    exitCode: EXIT.stopped,
    cause: error,
  });
}
