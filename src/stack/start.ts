import { confinementFault } from '../apparmor/confinement.ts';
import { AiplatError, EXIT } from '../errors.ts';
import type { ContainerSpec } from '../host/docker.ts';
import type { Host } from '../host/host.ts';
import type { Workshop } from './apply.ts';

type Started = Pick<ContainerSpec, 'name' | 'profile'>;

/** Starts a container, makes sure that it is confined and, unless told not to, waits until it is healthy. */
export async function startAndWait(id: string, started: Started, workshop: Workshop): Promise<void> {
  const { host, watch, wait } = workshop;
  await host.docker.startContainer(id);
  await requireConfined(host, id, started);
  if (wait) await watch.untilHealthy(id, started.name);
}

/**
 * Asks the kernel, not the engine: engines are known to drop a profile without a word. A container that is
 * not confined does not go on.
 * @throws AiplatError (exit 4) after the container was stopped.
 */
async function requireConfined(host: Host, id: string, { name, profile }: Started): Promise<void> {
  if (profile === undefined) return;
  const fault = await unconfinedBecause(host, id, profile);
  if (fault === undefined) return;
  await host.docker.stopContainer(id);
  throw new AiplatError({
    what: `${name} was not confined by AppArmor, and is stopped.`,
    why: fault,
    fix: 'Restart the engine (systemctl restart docker) and deploy again; `aa-status` shows what the kernel has.',
    exitCode: EXIT.unhealthy,
  });
}

/** Its first process, and a program that is started in it later. One that has ended has nothing to say. */
export async function unconfinedBecause(
  host: Host,
  id: string,
  profile: string,
): Promise<string | undefined> {
  const pid = await host.docker.pidOf(id);
  const label = pid === 0 ? undefined : await host.apparmor.labelOf(pid);
  if (label === undefined) return undefined;
  return confinementFault(profile, label) ?? (await execFault(host, id, profile));
}

/** An image may have no `cat`, and a container may end in between: then the first process has to do. */
async function execFault(host: Host, id: string, profile: string): Promise<string | undefined> {
  const asked = await host.docker.exec(id, ['cat', '/proc/self/attr/current']).catch((thrown: unknown) => {
    if (thrown instanceof AiplatError) return undefined;
    throw thrown;
  });
  if (asked === undefined || asked.exitCode !== 0) return undefined;
  const fault = confinementFault(profile, asked.output.replace(/\0/g, '').trim());
  return fault === undefined ? undefined : `A program that is started in it: ${fault}`;
}
