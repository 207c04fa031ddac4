import { stripVTControlCharacters } from 'node:util';
import type { ChalkInstance } from 'chalk';
import type { Ora } from 'ora';
import { messageOf } from '../errors.ts';
import type { Progress } from '../stack/apply.ts';
import type { Step } from '../stack/step.ts';
import type { Terminal } from './terminal.ts';
import { visible } from './visible.ts';

/** Without a live terminal, a long step says every so often that it is still at it. */
const STILL_MS = 15_000;
const REDRAW_MS = 250;
const NOTE_LETTERS = 90;

interface Going {
  readonly step: Step;
  readonly since: number;
  note: string;
}

/** Shows steps as they go on: one settled line for each, and below them, in a live terminal, what is going on. */
export function createProgress(
  terminal: Terminal,
  paint: ChalkInstance,
  say: (text: string) => void,
): Progress {
  const going = new Map<string, Going>();
  const live = terminal.isLive ? liveLine(terminal, () => [...going.values()]) : undefined;
  const ticker =
    live === undefined ? setInterval(() => still([...going.values()], say), STILL_MS).unref() : undefined;
  const settle = (step: Step, mark: string, rest: string): void => {
    const since = going.get(step.id)?.since;
    going.delete(step.id);
    if (going.size === 0) clearInterval(ticker);
    live?.pause();
    const time = since === undefined ? '' : paint.dim(`  ${seconds(since)}`);
    say(`${mark} ${step.do} ${step.target}${rest}${time}`);
    if (going.size > 0) live?.resume();
  };
  return {
    started(step) {
      going.set(step.id, { step, since: Date.now(), note: '' });
      live?.resume();
    },
    noted(step, note) {
      const entry = going.get(step.id);
      if (entry !== undefined) entry.note = oneLine(note);
    },
    succeeded: (step) => settle(step, paint.green('✔'), `  ${paint.dim(step.why)}`),
    failed: (step, error) => settle(step, paint.red('✖'), `: ${messageOf(error)}`),
    skipped: (step, because) => settle(step, paint.yellow('–'), ` left out, because it needs: ${because}`),
  };
}

/** What programs print while they work may hold colours, line breaks and no end. */
const oneLine = (text: string): string =>
  visible(stripVTControlCharacters(text).replace(/\s+/g, ' ').trim()).slice(0, NOTE_LETTERS);

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

const describe = ({ step, since, note }: Going): string =>
  `${step.target} ${note === '' ? '' : `${note} `}${Math.round((Date.now() - since) / 1000)} s`;

function still(going: readonly Going[], say: (text: string) => void): void {
  if (going.length > 0) say(`… ${going.map(describe).join(' · ')}`);
}

interface LiveLine {
  resume(): void;
  pause(): void;
}

/** One spinner under the settled lines. ora is loaded when there is something to spin for. */
function liveLine(terminal: Terminal, going: () => readonly Going[]): LiveLine {
  let spinner: Ora | undefined;
  let isWanted = false;
  const text = (): string =>
    going()
      .map(describe)
      .join(' · ')
      .slice(0, terminal.width - 4);
  const loading = import('ora').then(({ default: ora }) => {
    spinner = ora({ stream: process.stderr, discardStdin: false });
    if (isWanted) spinner.start(text());
  });
  loading.catch(() => undefined);
  setInterval(() => {
    if (spinner?.isSpinning) spinner.text = text();
  }, REDRAW_MS).unref();
  return {
    resume() {
      isWanted = true;
      spinner?.start(text());
    },
    pause() {
      isWanted = false;
      spinner?.stop();
    },
  };
}
