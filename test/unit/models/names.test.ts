import { describe, expect, it } from 'vitest';
import { parseSaid, progressWords, Tally } from '../../../src/models/answer.ts';
import { manifestBytes } from '../../../src/models/manifest.ts';
import { parseModelName, shortName } from '../../../src/models/name.ts';

describe('the name of a model', () => {
  it.each([
    ['llama3.2', 'llama3.2:latest'],
    ['llama3.2:3b', 'llama3.2:3b'],
    ['library/llama3.2:3b', 'llama3.2:3b'],
    ['someone/model', 'someone/model:latest'],
    ['registry.ollama.ai/someone/model:1', 'someone/model:1'],
    [
      'hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M',
      'hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M',
    ],
  ])('%s is shown as %s', (text, shown) => {
    expect(shortName(parseModelName(text))).toBe(shown);
    expect(shortName(parseModelName(shown))).toBe(shown);
  });

  it.each([
    '',
    '-v',
    '../../etc/passwd',
    'a/../b',
    'a/b/c/d',
    'name:',
    'name:tag:tag',
    'with blank',
    'a\u001b[2J',
    'hf.co/model',
    'x'.repeat(81),
    'name\n',
  ])('%j is none: exit 2', (text) => {
    expect(() => parseModelName(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('what Ollama says while it pulls', () => {
  const part = (digest: string, total: unknown, completed?: unknown): string =>
    JSON.stringify({ status: `pulling ${digest}`, digest, total, completed });
  const tallyOf = (...lines: string[]): Tally => {
    const tally = new Tally();
    for (const line of lines) {
      const found = parseSaid(line)?.part;
      if (found !== undefined) tally.note(found);
    }
    return tally;
  };

  it('is added up over all parts', () => {
    const lines = [part('a', 4e9), part('b', 1e9), part('a', 4e9, 1.2e9)];
    const said = parseSaid(lines[2] ?? '');
    expect(said && progressWords(said, tallyOf(...lines))).toBe('1.2 of 5.0 GB, pulling a');
    expect(tallyOf(...lines).needed).toBe(5e9);
  });

  it('needs no room for parts that are there already', () => {
    expect(tallyOf(part('a', 4e9, 4e9), part('b', 1e6, 0)).needed).toBe(1e6);
  });

  it.each(['', 'no json', 'null', '[]', '7'])('counts for nothing when it is %j', (line) => {
    expect(tallyOf(line).total).toBe(0);
  });

  it.each([-1, 1e300, '5', null, { a: 1 }])('has no part of a size of %j', (total) => {
    expect(parseSaid(part('a', total))?.part).toBeUndefined();
  });

  it('is cut where it is long, and counted no further than a model goes', () => {
    expect(parseSaid(JSON.stringify({ error: 'x'.repeat(9999) }))?.error).toHaveLength(200);
    expect(tallyOf(...Array.from({ length: 2000 }, (_, at) => part(String(at), 1))).total).toBe(1000);
  });
});

describe('a manifest', () => {
  it('says how large a model is', () => {
    expect(manifestBytes('{"schemaVersion":2,"config":{"size":5},"layers":[{"size":7},{"size":11}]}')).toBe(
      23,
    );
  });

  it.each(['', '{}', '{"layers":[{"size":-1}]}', '{"layers":[{"size":"7"}]}', '{"layers":7}'])(
    'says nothing when it is %j',
    (text) => {
      expect(manifestBytes(text)).toBeUndefined();
    },
  );
});
