import { type AiplatError, refused } from '../errors.ts';

/** Each change leaves it in the audit log, whose disk is everybody's. */
const MOST_LETTERS = 4096;

/** A command line as a person would type it again. It holds no secret: aiplat takes none there. */
export const commandLine = (words: readonly string[]): string => ['aiplat', ...words.map(quoted)].join(' ');

/** So that two arguments never look like one, nor one like two. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** @returns undefined when it is none too long (exit 2). */
export function tooLong(line: string): AiplatError | undefined {
  if (line.length <= MOST_LETTERS) return undefined;
  return refused(
    'The command line is too long.',
    `It has ${line.length} letters; the audit log takes ${MOST_LETTERS} of one.`,
    'Name each option once. What is long belongs into the .env.',
  );
}
