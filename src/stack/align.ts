import { AiplatError, EXIT } from '../errors.ts';
import type { Workshop } from './apply.ts';
import type { RenderedFolder } from './files.ts';
import type { Step } from './step.ts';

/**
 * Holds the id of the container whose data was last brought in line with the secrets of this folder. Another
 * container, or another secret, has another id or another folder: then it is time again.
 */
export const alignedPath = ({ root }: RenderedFolder): string => `${root}/aligned`;

/**
 * Brings the data of a container in line with its secrets.
 * @throws AiplatError (exit 1) when its program refuses; the next deploy tries again.
 */
export async function alignData(
  { target, command, input, marker, mark }: Extract<Step, { do: 'align data' }>,
  { host, watch }: Workshop,
): Promise<void> {
  const [found] = await host.docker.listContainers({ names: [target] });
  if (found === undefined) throw notThere(target);
  await watch.untilHealthy(found.id, target);
  const { exitCode, output } = await host.docker.exec(found.id, command, input);
  if (exitCode === 0) return host.files.writeText(marker, mark ?? found.id, { uid: 0, gid: 0, mode: 0o600 });
  throw new AiplatError({
    what: `${target} did not take over its secret.`,
    // Its first line alone: what follows may quote the statement.
    why: `Its data still has the old one. Its words: ${output.trim().split('\n')[0] || 'none'}`,
    fix: 'Deploy again; when it stays so, see its log with `aiplat ops logs`.',
    exitCode: EXIT.stopped,
  });
}

const notThere = (target: string): AiplatError =>
  new AiplatError({
    what: `${target} is not there.`,
    why: 'What was to be done in its data could not be done, and what needs it was not started.',
    fix: 'Deploy all services of the tenant, not some with --only.',
    exitCode: EXIT.stopped,
  });
