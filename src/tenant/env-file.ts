import { parse } from 'dotenv';

export type EnvValues = Readonly<Record<string, string>>;

/** One key of a section, in the order in which it is written. */
export interface EnvLine {
  readonly key: string;
  readonly value: string;
}

export interface EnvSection {
  readonly title: string;
  /** What a person who edits the file should know; one line each. */
  readonly notes: readonly string[];
  readonly lines: readonly EnvLine[];
}

/** The values of a `.env`. Nothing is executed or expanded. */
export const readEnv = (text: string): EnvValues => parse(text);

/** Keys that stand in the file more than once: only the last would count, which is never what was meant. */
export function repeatedKeys(text: string): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const line of text.split('\n')) {
    const key = keyOf(line);
    if (key === undefined) continue;
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return [...twice];
}

/**
 * Writes the wanted values into a `.env` and leaves the rest of it as its owner wrote it: order, comments,
 * quotes. Keys that it does not have yet go to the end of their section, sections that it does not have to the end.
 */
export function mergeEnv(text: string, sections: readonly EnvSection[]): string {
  const present = readEnv(text);
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const section of sections) {
    for (const { key, value } of section.lines) {
      if (key in present && present[key] !== value) replaceLine(lines, key, value);
    }
    const missing = section.lines.filter(({ key }) => !(key in present));
    if (missing.length > 0) insertLines(lines, section, missing);
  }
  return `${lines.join('\n')}\n`;
}

const headerOf = (section: EnvSection): string => `# === ${section.title} ===`;

const keyOf = (line: string): string | undefined =>
  /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]/.exec(line)?.[1];

function replaceLine(lines: string[], key: string, value: string): void {
  const at = lines.findLastIndex((line) => keyOf(line) === key);
  if (at >= 0) lines[at] = `${key}=${value}`;
}

function insertLines(lines: string[], section: EnvSection, missing: readonly EnvLine[]): void {
  const added = missing.map(({ key, value }) => `${key}=${value}`);
  const header = lines.indexOf(headerOf(section));
  if (header < 0) {
    const gap = lines.length > 0 && lines.at(-1) !== '' ? [''] : [];
    lines.push(...gap, headerOf(section), ...section.notes.map((note) => `# ${note}`), ...added);
    return;
  }
  let end = header + 1;
  while (end < lines.length && !lines[end]?.startsWith('# === ')) end++;
  while (lines[end - 1] === '') end--;
  lines.splice(end, 0, ...added);
}
