import { notReady } from '../errors.ts';
import type { EngineFacts } from '../host/docker.ts';

/**
 * How containers are confined on this host.
 * @throws AiplatError (exit 3) when the host config asks for AppArmor and the engine has none.
 */
export function requireConfinement(confinement: 'apparmor' | 'off', engine: EngineFacts): 'apparmor' | 'off' {
  const hasAppArmor = engine.securityOptions.some((option) => option.includes('name=apparmor'));
  if (confinement === 'off' || hasAppArmor) return confinement;
  throw notReady(
    'This host has no AppArmor.',
    `The engine ${engine.version} lists ${engine.securityOptions.join(', ') || 'no security options'}, and nothing is started unconfined.`,
    'Use a kernel with AppArmor (apparmor=1 security=apparmor), or let the admin set "confinement": "off" in the host config.',
  );
}

/**
 * What the kernel says of a process, against the profile that it has to wear.
 * @returns undefined when it is confined.
 */
export const confinementFault = (profile: string, label: string): string | undefined =>
  label === `${profile} (enforce)`
    ? undefined
    : `It wears ${label || 'no profile'}, not ${profile} (enforce).`;
