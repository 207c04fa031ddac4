import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from './context.ts';

type Work = (context: Context, signal: AbortSignal) => Promise<void>;

/** Runs a command on the real machine and turns its end into an exit code. */
export type Run = (work: Work, wantsJson: boolean) => Promise<void>;

/** `a,b,c` */
export const list = (text: string): string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('Write names with commas between them.');
  return names;
};

/** A whole number that fits every counter of the machine. */
export const count = (text: string): number => {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
};

export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;

/** A command whose result a program can read. */
export const readable = (parent: Command, name: string, text: string): Command =>
  parent.command(name).description(text).option('--json', 'print one JSON document on stdout');

/** A command on one tenant. */
export const tenantCommand = (parent: Command, name: string, text: string): Command =>
  readable(parent, name, text).option(
    '--tenant <name>',
    'the tenant, such as tenant-1001 (an admin may name any)',
  );

/** A command that changes something. */
export const changing = (command: Command): Command =>
  command
    .option('--dry-run', 'show the plan, each step with its reason, and change nothing')
    .option('--wait-lock <seconds>', 'wait so long for another command on this tenant', count);
