import { readFileSync } from 'node:fs';

export type Env = Readonly<Record<string, string | undefined>>;

/** The value of a variable, or what the file holds that NAME_FILE names. */
export function readValue(env: Env, name: string): string | undefined {
  const value = env[name];
  if (value !== undefined) return value;
  const path = env[`${name}_FILE`];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** A text with the values of its `$NAME`; an unknown one is empty. */
export const filled = (text: string, env: Env): string =>
  text.replace(/\$([A-Z_][A-Z0-9_]*)/g, (_whole, name: string) => readValue(env, name) ?? '');
