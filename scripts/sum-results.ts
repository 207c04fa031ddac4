import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds up what the tiers counted: `node sum-results.ts FOLDER`, where FOLDER has results-*.json. */
const [folder = '.'] = process.argv.slice(2);
const sums = { passed: 0, failed: 0 };
for (const name of readdirSync(folder).filter((file) => /^results-.*\.json$/.test(file))) {
  const result = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
  };
  sums.passed += result.numPassedTests;
  sums.failed += result.numFailedTests;
}
console.log(`${sums.passed} passed, ${sums.failed} failed`);
process.exitCode = sums.failed === 0 ? 0 : 1;
