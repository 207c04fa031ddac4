import stripJsonComments from 'strip-json-comments';
import { messageOf } from '../errors.ts';
import { fileProblems } from './problems.ts';

/**
 * Reads a JSON object of an admin's file, in which comments and a comma too many are welcome.
 * @param label names the file in errors, such as `The host config /etc/aiplat/config.json`.
 * @throws AiplatError (exit 2) for anything else.
 */
export function parseJsonObject(text: string, label: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(stripJsonComments(text, { trailingCommas: true }));
  } catch (thrown) {
    throw fileProblems(`${label} is no JSON.`, [messageOf(thrown)], 'Mend its syntax.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw fileProblems(
    `${label} is no JSON object.`,
    ['It holds another kind of value.'],
    'Write an object such as {"baseDomain": "example.org"}.',
  );
}
