import {
  formatRanges,
  parseRanges,
  reservationText,
  reservedBlocks,
  withoutRanges,
} from '../ports/reserved.ts';
import type { PortBlock } from '../tenant/numbers.ts';

/** Read at every boot, after what distributions reserve. */
export const RESERVATION_PATH = '/etc/sysctl.d/60-aiplat.conf';

/** What a host reserves now. */
export interface FoundReservation {
  /** The kernel's list; undefined when it has none. */
  readonly inForce: string | undefined;
  readonly text: string | undefined;
}

/**
 * Reserves the blocks of the tenants, so that the kernel gives no port of theirs to a passing connection; what
 * others have reserved stays.
 * @returns undefined when it is so already.
 */
export function planReservation(
  blocks: readonly PortBlock[],
  { inForce, text }: FoundReservation,
): { readonly ranges: string; readonly text: string | undefined } | undefined {
  if (inForce === undefined) return undefined;
  const found = parseRanges(inForce);
  const others = withoutRanges(found, [...reservedBlocks(text ?? ''), ...blocks]);
  const ranges = formatRanges([...others, ...blocks]);
  const wanted = blocks.length === 0 ? undefined : reservationText(blocks, others);
  return wanted === text && ranges === formatRanges(found) ? undefined : { ranges, text: wanted };
}
