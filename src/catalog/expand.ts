/**
 * What `{{…}}` may stand for in the texts of a catalogue entry and in templates. Each function gets what
 * stands behind the dot and answers undefined when there is no such thing.
 */
export type Scope = Readonly<Record<string, (key: string) => string | undefined>>;

const PLACEHOLDER = /\{\{([A-Za-z]+)(?:\.([A-Za-z0-9_-]+))?\}\}/g;

/**
 * Fills the placeholders of a text.
 * @throws Error when one is unknown: an entry or a template of ours is wrong.
 */
export function expand(text: string, scope: Scope): string {
  return text.replace(PLACEHOLDER, (whole, kind: string, key: string | undefined) => {
    const value = scope[kind]?.(key ?? '');
    if (value === undefined) throw new Error(`nothing is known of ${whole}`);
    return value;
  });
}

/** The keys that a text asks of one kind: `secretFile` → those of all `{{secretFile.KEY}}`. */
export const askedKeys = (text: string, kind: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].filter((match) => match[1] === kind).map((match) => match[2] ?? '');

/** The same for each of named texts. */
export const expandAll = (
  texts: Readonly<Record<string, string>>,
  scope: Scope,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expand(text, scope)]));
