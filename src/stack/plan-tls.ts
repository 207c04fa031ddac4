import type { PlanScope } from './plan.ts';
import type { Stack } from './stack.ts';
import type { Step } from './step.ts';
import { KEEP_TLS, serviceId } from './step-ids.ts';

/** Keeps the pair that the Caddy has accepted, for the day when the tenant's files cannot be served. */
export function planTls({ tls, services }: Stack, { only }: PlanScope): Step[] {
  const hasCaddy = services.some(({ service }) => service.name === 'caddy');
  if (only !== undefined && !only.has('caddy')) return [];
  if (tls.mode !== 'files' || tls.isKept || !hasCaddy) return [];
  return [
    {
      id: KEEP_TLS,
      do: 'write file',
      target: tls.keptPath,
      why: 'another certificate is served',
      needs: [serviceId('caddy'), 'reload caddy'],
      text: `${JSON.stringify({ fullchain: tls.pair.fullchain, privkey: tls.pair.privkey })}\n`,
      uid: 0,
      gid: 0,
      mode: 0o600,
    },
  ];
}
