import { notReady } from '../errors.ts';
import type { EngineFacts } from '../host/docker.ts';

/** Said by every status of a host that goes without AppArmor. */
export const UNCONFINED_NOTICE =
  'AppArmor is off on this host ("confinement": "off"): containers are kept apart without it.';

/**
 * The engine's security options for every container of a tenant.
 * @throws AiplatError (exit 3) when the host config asks for AppArmor and the engine has none.
 */
export function confinementOptions(confinement: 'apparmor' | 'off', engine: EngineFacts): string[] {
  const always = ['no-new-privileges:true'];
  if (confinement === 'off') return always;
  if (engine.securityOptions.some((option) => option.includes('name=apparmor'))) return always;
  throw notReady(
    'This host has no AppArmor.',
    `The engine ${engine.version} lists ${engine.securityOptions.join(', ') || 'no security options'}, and nothing is started unconfined.`,
    'Use a kernel with AppArmor (apparmor=1 security=apparmor), or let the admin set "confinement": "off" in the host config.',
  );
}
