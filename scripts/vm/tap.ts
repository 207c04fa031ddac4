/** What the files in the Test Anything Protocol say, as Node's runner writes it. */
export interface TapSum {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly name: string; readonly evidence: string }[];
}

const EVIDENCE_LINES = 30;

/** Adds up the tests of several files; a suite is counted by its tests alone. */
export function sumTap(texts: readonly string[]): TapSum {
  const results = texts.flatMap(readTap);
  const failures = results.filter(({ isOk }) => !isOk).map(({ name, evidence }) => ({ name, evidence }));
  return { passed: results.length - failures.length, failed: failures.length, failures };
}

function readTap(text: string): { name: string; isOk: boolean; evidence: string }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const match = /^\s*(not )?ok \d+ - (.*)$/.exec(line);
    if (match === null) return [];
    const block = blockAfter(lines, at);
    const isSuite = block.some((one) => /^\s*type: 'suite'/.test(one));
    const name = match[2] ?? '';
    // Node counts a file as a test of its own; one that ended early says so by failing.
    const isFile = /\.test\.ts$/.test(name);
    const isOk = match[1] === undefined;
    if (isSuite || (isFile && isOk) || / # SKIP/.test(name)) return [];
    return [{ name, isOk, evidence: block.slice(0, EVIDENCE_LINES).join('\n') }];
  });
}

function blockAfter(lines: readonly string[], at: number): string[] {
  if (lines[at + 1]?.trim() !== '---') return [];
  const end = lines.findIndex((line, other) => other > at + 1 && line.trim() === '...');
  return lines.slice(at + 2, end === -1 ? undefined : end);
}
