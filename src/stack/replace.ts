import { AiplatError, messageOf } from '../errors.ts';
import { failedName, previousName } from '../tenant/names.ts';
import type { Workshop } from './apply.ts';
import { startAndWait } from './start.ts';
import type { Replacement } from './step.ts';

/**
 * Puts a new container in the place of an old one. The two cannot share a port or a data directory, so the
 * old one stops and steps aside under another name, and is removed only when the new one is healthy. When
 * it does not become healthy the old one comes back and the new one stays, stopped, for inspection.
 * Every state in between is one from which the next plan goes on.
 */
export async function replaceContainer(replacement: Replacement, workshop: Workshop): Promise<void> {
  const old = await stepAside(replacement, workshop);
  let created: string | undefined = replacement.isStarted ? replacement.current : undefined;
  try {
    created ??= await workshop.host.docker.createContainer(replacement.container);
    await startAndWait(created, replacement.container, workshop);
  } catch (error) {
    if (old === undefined) throw error;
    throw await putBack(error, old, created, replacement.container.name, workshop);
  }
  if (old !== undefined) await workshop.host.docker.removeContainer(old);
}

/** @returns the id of the container that is aside and can come back, if there is one. */
async function stepAside(replacement: Replacement, { host }: Workshop): Promise<string | undefined> {
  const { current, previous, isStarted, container } = replacement;
  if (current === undefined || isStarted) return previous;
  if (previous === undefined) {
    try {
      await host.docker.stopContainer(current);
      await host.docker.renameContainer(current, previousName(container.name));
    } catch (error) {
      await host.docker.startContainer(current);
      throw error;
    }
    return current;
  }
  await host.docker.stopContainer(current);
  // An interrupted replacement's unproven container: the one before it is what served last.
  await host.docker.removeContainer(current);
  return previous;
}

async function putBack(
  error: unknown,
  old: string,
  created: string | undefined,
  name: string,
  { host }: Workshop,
): Promise<unknown> {
  if (!(error instanceof AiplatError)) return error;
  try {
    if (created !== undefined) {
      await host.docker.stopContainer(created);
      await host.docker.renameContainer(created, failedName(name));
    }
    await host.docker.renameContainer(old, name);
    await host.docker.startContainer(old);
  } catch (thrown) {
    return explained(error, `The container before it could not be put back: ${messageOf(thrown)}`);
  }
  const kept = created === undefined ? '' : ` The new one is kept, stopped, as ${failedName(name)}.`;
  return explained(error, `The container before it is back in its place.${kept}`);
}

const explained = (error: AiplatError, more: string): AiplatError =>
  new AiplatError({
    what: error.what,
    why: `${more} ${error.why}`,
    fix: error.fix,
    exitCode: error.exitCode,
    cause: error,
  });
