import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planReservation } from '../../../src/install/reservation.ts';
import { formatRanges, parseRanges, withoutRanges } from '../../../src/ports/reserved.ts';
import { portBlock } from '../../../src/tenant/numbers.ts';

const range = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 40 }))
  .map(([first, more]) => ({ first, last: first + more }));
const portsOf = (ranges: readonly { first: number; last: number }[]): Set<number> =>
  new Set(
    ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at)),
  );

describe('ranges of ports', () => {
  it('are read as the kernel writes them', () => {
    expect(parseRanges('\t80,5000-5099\n')).toEqual([
      { first: 80, last: 80 },
      { first: 5000, last: 5099 },
    ]);
    expect(parseRanges('')).toEqual([]);
  });

  it('hold the same ports however they are written', () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        expect(portsOf(parseRanges(formatRanges(ranges)))).toEqual(portsOf(ranges));
      }),
    );
  });

  it('lose what is taken away and nothing else', () => {
    fc.assert(
      fc.property(fc.array(range), fc.array(range), (ranges, gone) => {
        const left = portsOf(withoutRanges(ranges, gone));
        const expected = new Set([...portsOf(ranges)].filter((port) => !portsOf(gone).has(port)));
        expect(left).toEqual(expected);
      }),
    );
  });
});

describe('the reservation of a host', () => {
  const apply = (uids: readonly number[], found: { inForce: string; text: string | undefined }) => {
    const change = planReservation(uids.map(portBlock), found);
    return change === undefined ? found : { inForce: change.ranges, text: change.text };
  };

  it('is done when it was made, whatever others have reserved', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1001, max: 1100 })), fc.array(range), (uids, others) => {
        const made = apply(uids, { inForce: formatRanges(others), text: undefined });
        expect(planReservation(uids.map(portBlock), made)).toBeUndefined();
      }),
    );
  });

  it('is gone with the last tenant, and what others reserved is left', () => {
    const before = { inForce: '80,8080-8090', text: undefined };
    expect(apply([], apply([1001, 1050], before))).toEqual(before);
  });

  it('asks nothing of a kernel that has no such list', () => {
    expect(planReservation([portBlock(1001)], { inForce: undefined, text: undefined })).toBeUndefined();
  });
});
