import { describe, expect, it } from 'vitest';
import { sumTap } from '../../scripts/vm/tap.ts';

const REPORT = `TAP version 13
# Subtest: a suite
    # Subtest: holds
    ok 1 - holds
      ---
      duration_ms: 1
      type: 'test'
      ...
    # Subtest: breaks
    not ok 2 - breaks
      ---
      type: 'test'
      error: 'the attempt succeeded'
      ...
    1..2
not ok 1 - a suite
  ---
  type: 'suite'
  ...
ok 2 - left out # SKIP
  ---
  type: 'test'
  ...
`;

describe('the report of the machine tier', () => {
  it('counts tests, not the suites around them', () => {
    const { passed, failed, failures } = sumTap([REPORT]);
    expect([passed, failed]).toEqual([1, 1]);
    expect(failures).toEqual([
      { name: 'breaks', evidence: expect.stringContaining('the attempt succeeded') },
    ]);
  });

  it('counts a file that ended before its tests', () => {
    const text = "not ok 1 - /opt/test/10.test.ts\n  ---\n  type: 'test'\n  exitCode: 1\n  ...\n";
    expect(sumTap([text]).failed).toBe(1);
  });

  it('adds up the boots', () => {
    expect(sumTap([REPORT, REPORT])).toMatchObject({ passed: 2, failed: 2 });
  });
});
