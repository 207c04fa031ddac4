import { edgeFault } from '../edge/raise.ts';
import { claimFault } from '../edge/route.ts';
import type { AiplatError } from '../errors.ts';
import type { Observed } from './observe.ts';
import type { PlanScope } from './plan.ts';
import type { Stack } from './stack.ts';
import type { Step } from './step.ts';
import { EDGE, FIREWALL } from './step-ids.ts';

/** What keeps the tenant from its domain, which may be another one than at the last setup. */
export function edgeObstacle({ edge }: Stack, observed: Observed): AiplatError | undefined {
  const { part, baseDomain = '' } = edge ?? {};
  if (part?.route === undefined || observed.edge === undefined) return undefined;
  return claimFault(part.route, observed.edge.others, { baseDomain, own: part.ownDomain });
}

/**
 * Sends the world to the tenant's Caddy. Before that starts: it asks an authority for certificates at once, and
 * the authority looks whether the domain leads to it.
 */
export function planEdge({ edge, domain }: Stack, observed: Observed, { only }: PlanScope): Step[] {
  if (edge === undefined || observed.edge === undefined) return [];
  if (only !== undefined && !only.has('caddy')) return [];
  const why = edgeFault(edge, observed.edge);
  if (why === undefined) return [];
  return [{ id: EDGE, do: 'raise edge', target: domain, why, needs: [FIREWALL], wish: edge }];
}
