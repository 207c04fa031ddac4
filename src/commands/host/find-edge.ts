import { edgeFault, observeEdge } from '../../edge/raise.ts';
import type { Host } from '../../host/host.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { readEdge } from '../edge-wish.ts';
import type { Finding } from './finding.ts';

/** Whether the edge runs with what the tenants' routes ask for; nothing on a host without one. */
export async function findEdge(host: Host, config: HostConfig): Promise<Finding[]> {
  const edge = await readEdge(host, config);
  if (edge === undefined) return [];
  const wish = { ...edge, part: undefined };
  const found = await observeEdge(host, wish);
  const fault = edgeFault(wish, found);
  const count = found.others.filter(({ isLive }) => isLive).length;
  return [
    {
      what: 'edge',
      found: fault ?? `runs, and leads to ${count} tenants`,
      isWell: fault === undefined,
      fix: 'Put it back: aiplat host edge enable',
    },
  ];
}
