import { closest } from 'fastest-levenshtein';
import type * as z from 'zod';
import { type AiplatError, refused } from '../errors.ts';

/** What a report on a wrong key needs to know beyond what zod says. */
export interface KeyFacts {
  readonly known: readonly string[];
  readonly remedyOf: (key: string) => string;
  /** Values of these are never shown. */
  readonly isSecret: (key: string) => boolean;
}

/** One line for each thing that is wrong: key, value, what is wrong with it, what to do. */
export function problemLines(
  error: z.ZodError,
  values: Readonly<Record<string, unknown>>,
  facts: KeyFacts,
): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, facts.known));
    const key = String(issue.path[0] ?? '');
    return [`${key}${shownValue(key, values, facts)}: ${issue.message}. ${facts.remedyOf(key)}`];
  });
}

/** All problems of one file as one error: exit 2, nothing touched. */
export const fileProblems = (what: string, lines: readonly string[], fix: string): AiplatError =>
  refused(what, lines.join('\n'), fix);

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = known.length === 0 ? '' : closest(key, [...known]);
  return `${key}: no such key. Did you mean ${nearest}? Otherwise take the line out.`;
}

function shownValue(key: string, values: Readonly<Record<string, unknown>>, facts: KeyFacts): string {
  if (!(key in values) || values[key] === undefined) return '';
  if (facts.isSecret(key)) return ' = [hidden]';
  const text = typeof values[key] === 'string' ? values[key] : JSON.stringify(values[key]);
  return ` = ${JSON.stringify(text.slice(0, 80)).slice(1, -1)}`;
}
