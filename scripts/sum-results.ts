import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Vitest's JSON reporter says about a run, as far as it is needed here. */
interface VitestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const SHOWN_FAILURES = 40;
const EVIDENCE_CHARS = 400;

/**
 * Names what failed and adds up what the tiers counted: `node sum-results.ts FOLDER`, where FOLDER has results-*.json.
 * A file that broke before its tests ran counts as one failure.
 */
const [folder = '.'] = process.argv.slice(2);
const results = readdirSync(folder)
  .filter((file) => /^results-.*\.json$/.test(file))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as VitestResult);
const failures = results.flatMap(failuresOf);
for (const failure of failures.slice(0, SHOWN_FAILURES)) console.log(failure);
if (failures.length > SHOWN_FAILURES) console.log(`… and ${failures.length - SHOWN_FAILURES} more`);
const passed = sum(results.map(({ numPassedTests }) => numPassedTests));
const failed = sum(results.map(({ numFailedTests }) => numFailedTests)) + results.flatMap(brokenFiles).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function failuresOf(result: VitestResult): string[] {
  const tests = (result.testResults ?? []).flatMap(({ assertionResults }) => assertionResults);
  return [
    ...tests
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages = [] }) => told(fullName, failureMessages[0])),
    ...brokenFiles(result).map(({ name, message }) => told(name, message)),
  ];
}

function brokenFiles({ testResults = [] }: VitestResult) {
  return testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
}

function told(name: string, evidence = ''): string {
  return `✖ ${name}\n    ${evidence.slice(0, EVIDENCE_CHARS).replaceAll('\n', '\n    ')}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
