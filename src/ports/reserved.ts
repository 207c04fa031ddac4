import type { PortBlock } from '../tenant/numbers.ts';

/** The kernel's list of ports that it hands to nobody by itself (Linux, ip-sysctl: ip_local_reserved_ports). */
export const RESERVED_PORTS = 'net.ipv4.ip_local_reserved_ports';

const COMMENT = '# Blocks of aiplat: ';

/** `5000-5099,8080` → its ranges. */
export const parseRanges = (text: string): PortBlock[] =>
  text
    .split(',')
    .map((part) => /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part))
    .flatMap((match) =>
      match === null ? [] : [{ first: Number(match[1]), last: Number(match[2] ?? match[1]) }],
    );

/** Sorted, and as few ranges as possible. */
export function formatRanges(ranges: readonly PortBlock[]): string {
  const merged: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((one, other) => one.first - other.first)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else merged.push({ first, last });
  }
  return merged.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Takes ranges away from ranges; what is left of a range that is cut stays. */
export function withoutRanges(ranges: readonly PortBlock[], gone: readonly PortBlock[]): PortBlock[] {
  return gone.reduce<PortBlock[]>(
    (left, { first, last }) =>
      left.flatMap((range) =>
        [
          { first: range.first, last: Math.min(range.last, first - 1) },
          { first: Math.max(range.first, last + 1), last: range.last },
        ].filter((part) => part.first <= part.last),
      ),
    [...ranges],
  );
}

/** The file of sysctl.d(5) that reserves these blocks beside what others have reserved. */
export const reservationText = (blocks: readonly PortBlock[], others: readonly PortBlock[]): string =>
  `${COMMENT}${formatRanges(blocks)}\n${RESERVED_PORTS} = ${formatRanges([...others, ...blocks])}\n`;

/** The blocks that such a file reserves for aiplat. */
export const reservedBlocks = (text: string): PortBlock[] =>
  parseRanges(new RegExp(`^${COMMENT}(.*)$`, 'm').exec(text)?.[1] ?? '');
