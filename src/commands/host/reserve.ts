import { planReservation, RESERVATION_PATH } from '../../install/reservation.ts';
import { RESERVED_PORTS } from '../../ports/reserved.ts';
import type { Step } from '../../stack/step.ts';
import { portBlock } from '../../tenant/numbers.ts';
import type { Context } from '../context.ts';
import { CONFIG_LIMIT_BYTES } from '../enter.ts';

/** The step that reserves the blocks of these tenants and of no others, if one is needed. */
export async function reservationStep(
  { host }: Context,
  uids: readonly number[],
  needs: readonly string[],
): Promise<Step[]> {
  const [inForce, text] = await Promise.all([
    host.sysctl.get(RESERVED_PORTS),
    host.files.readText(RESERVATION_PATH, CONFIG_LIMIT_BYTES),
  ]);
  const change = planReservation(uids.map(portBlock), { inForce, text });
  if (change === undefined) return [];
  const why = `reserved: ${change.ranges || 'none'}`;
  return [{ id: 'reservation', do: 'reserve ports', target: RESERVATION_PATH, why, needs, ...change }];
}
