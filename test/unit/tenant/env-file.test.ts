import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EnvSection, mergeEnv, readEnv, repeatedKeys } from '../../../src/tenant/env-file.ts';

const NAMES = ['A', 'B_1', 'MY_KEY', 'N8N_PORT', 'SERVICES', 'X'] as const;
const name = fc.constantFrom(...NAMES);
const plain = fc.stringMatching(/^[A-Za-z0-9._/,+-]{0,12}$/);

/** One line as an owner may write it, with the key that it sets. */
interface Line {
  readonly text: string;
  readonly key: string | undefined;
}

const setting = (write: (key: string, value: string) => string) =>
  fc.record({ key: name, value: plain }).map(({ key, value }): Line => ({ key, text: write(key, value) }));

const settings: fc.Arbitrary<Line> = fc.oneof(
  setting((key, value) => `${key}=${value}`),
  setting((key, value) => `  ${key} = ${value}`),
  setting((key, value) => `export ${key}=${value}`),
  setting((key, value) => `${key}="${value} with spaces"`),
  setting((key, value) => `${key}='${value}'`),
  setting((key, value) => `${key}=${value} # a remark`),
);
const others: fc.Arbitrary<Line> = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9 =._-]{0,20}$/).map((text): Line => ({ text: `#${text}`, key: undefined })),
  fc
    .constantFrom('', '   ', '# === One ===', '# === Mine ===')
    .map((text): Line => ({ text, key: undefined })),
);

/** A whole file, in which no key stands twice, with a line end at its end or without. */
const files = fc
  .record({
    set: fc.uniqueArray(settings, { selector: ({ key }) => key, maxLength: NAMES.length }),
    rest: fc.array(others, { maxLength: 6 }),
    order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
    end: fc.constantFrom('\n', ''),
  })
  .map(({ set, rest, order, end }) => {
    const ranked = [...set, ...rest].map((line, at) => ({ line, rank: order[at] ?? 0 }));
    const lines = ranked.sort((a, b) => a.rank - b.rank).map(({ line }) => line);
    return { lines, text: lines.length === 0 ? '' : `${lines.map(({ text }) => text).join('\n')}${end}` };
  });

const wanted = fc
  .uniqueArray(fc.record({ key: name, value: plain, section: fc.constantFrom('One', 'Two') }), {
    selector: ({ key }) => key,
    maxLength: NAMES.length,
  })
  .map((entries): EnvSection[] =>
    ['One', 'Two'].map((title) => ({
      title,
      notes: [`about ${title}`],
      lines: entries.filter(({ section }) => section === title).map(({ key, value }) => ({ key, value })),
    })),
  );

const valuesOf = (sections: readonly EnvSection[]): Record<string, string> =>
  Object.fromEntries(sections.flatMap(({ lines }) => lines.map(({ key, value }) => [key, value])));

/** Do these lines stand in the text in this order, with anything in between? */
function standInOrder(lines: readonly string[], text: string): boolean {
  const all = text.split('\n');
  let at = 0;
  for (const line of lines) {
    at = all.indexOf(line, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

describe('merging into what an owner wrote', () => {
  it('reads back as the old values under the wanted ones', () => {
    fc.assert(
      fc.property(files, wanted, ({ text }, sections) => {
        expect(readEnv(mergeEnv(text, sections))).toEqual({ ...readEnv(text), ...valuesOf(sections) });
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every line whose value was not to change, letter by letter and in order', () => {
    fc.assert(
      fc.property(files, wanted, ({ lines, text }, sections) => {
        const [before, asked] = [readEnv(text), valuesOf(sections)];
        const isKept = ({ key }: Line): boolean =>
          key === undefined || !(key in asked) || asked[key] === before[key];
        const kept = lines.filter(isKept).map((line) => line.text);
        expect(standInOrder(kept, mergeEnv(text, sections))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is done once: a second merge changes nothing, and no key ever stands there twice', () => {
    fc.assert(
      fc.property(files, wanted, ({ text }, sections) => {
        const once = mergeEnv(text, sections);
        expect(mergeEnv(once, sections)).toBe(once);
        expect(repeatedKeys(once)).toEqual([]);
        expect(once.endsWith('\n')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a line of a .env', () => {
  it.each([
    ['A=1', '1'],
    ['A = 1', '1'],
    ['  export A=1', '1'],
    ["A='a b # c'", 'a b # c'],
    ['A="a\\nb"', 'a\nb'],
    ['A=a # remark', 'a'],
    ['A=$(id)', '$(id)'],
    ['A=`id`', 'id'],
    ['A=$HOME/${HOME}', '$HOME/${HOME}'],
    ['A=a=b', 'a=b'],
    ['A=', ''],
    ['A=1\r', '1'],
  ])('%j gives %j: nothing is run and nothing is filled in', (line, value) => {
    expect(readEnv(`${line}\n`)).toEqual({ A: value });
  });

  it.each(['#A=1', '# A=1', 'A', '=1', ''])('%j sets nothing', (line) => {
    expect(readEnv(`${line}\n`)).toEqual({});
    expect(repeatedKeys(`${line}\n${line}\n`)).toEqual([]);
  });

  it.each([
    ['A=1\nA=1\n', ['A']],
    ['A=1\nexport A=2\n  A = 3\nB=1\n', ['A']],
    ['A=1\nA: 2\n', ['A']],
    ['A=1\nAA=1\n#A=2\n', []],
    ['A=1\r\nA=2\r\n', ['A']],
  ])('%j has these keys twice: %j', (text, keys) => {
    expect(repeatedKeys(text)).toEqual(keys);
  });
});
