import { basename } from 'node:path';
import { ownFacts } from './own-facts.ts';

/**
 * Stands in for curl, wget, python3 and programs of an image: asks the URL on its command line, or the one that
 * the facts give it. Without a URL it fails, as a program does that was called in a way it does not know.
 */
const [, , called = '', ...words] = process.argv;
const name = basename(called);
const tool = ownFacts().tools[name];
const line = words.join(' ');
const NOT_KNOWN = 127;

const url =
  typeof tool === 'object'
    ? new RegExp(`^${tool.words}$`).test(line)
      ? tool.asks
      : undefined
    : /https?:\/\/[^\s'")]+/.exec(line)?.[0];

if (url === undefined) {
  process.stderr.write(`${name}: ${line} asks nothing\n`);
  process.exit(NOT_KNOWN);
}

/** curl takes every answer for good without -f (--fail); the others do not. */
const isLenient = name === 'curl' && !words.some((word) => word === '--fail' || /^-[a-zA-Z]*f/.test(word));
const headers = words.flatMap((word, at): [string, string][] => {
  const text = /^(-H|--header)$/.test(words[at - 1] ?? '') ? word : /^--header=(.*)$/.exec(word)?.[1];
  const [, key, value] = /^([^:]+):\s*(.*)$/.exec(text ?? '') ?? [];
  return key === undefined || value === undefined ? [] : [[key, value]];
});

try {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(8_000) });
  process.stdout.write(await answer.text());
  process.exit(answer.ok || isLenient ? 0 : 22);
} catch (thrown) {
  process.stderr.write(`${name}: ${url}: ${String(thrown)}\n`);
  process.exit(7);
}
