import { AiplatError, messageOf } from '../errors.ts';
import type { ContainerSpec } from '../host/docker.ts';
import { LABEL } from '../tenant/names.ts';
import type { Workshop } from './apply.ts';
import { startAndWait } from './start.ts';
import type { Step } from './step.ts';

/**
 * Logs the node in, once, and says so with a file. In the node's own container it could not be done: its program ends
 * whenever the node is not logged in for a moment (tailscale/tailscale, containerboot: "left running state"), in the
 * middle of a login, with a key that may be good for one. The flags are those of the container's own login.
 */
const SCRIPT = `tailscaled --socket="$TS_SOCKET" --statedir="$TS_STATE_DIR" --tun=userspace-networking &
until [ -S "$TS_SOCKET" ]; do kill -0 $! || exit 1; sleep 0.1; done
tailscale --socket="$TS_SOCKET" up --force-reauth --timeout=60s --accept-dns=false --hostname="$TS_HOSTNAME" --auth-key="$TS_AUTHKEY" || exit 1
kill $! && wait $!
touch /tmp/logged-in && exec sleep infinity`;

/** A container for one login: with the user, the state, the key and the walls of the node's own. */
export const loginContainer = (node: ContainerSpec): ContainerSpec => ({
  ...node,
  name: `${node.name}.login`,
  entrypoint: ['sh', '-c'],
  command: [SCRIPT],
  labels: { ...node.labels, [LABEL.service]: 'tailscale-login', [LABEL.ports]: '' },
  aliases: [],
  ports: [],
  health: { ...node.health, test: ['CMD', 'test', '-e', '/tmp/logged-in'], intervalMs: 1_000 },
  runsOnce: true,
});

/**
 * Lets a node log in with a new key. Its own container stands still meanwhile, because two programs on one state would
 * be two nodes that push each other out, and so does whatever shares the network that ends with it. The node keeps its
 * state, and so it stays the node that it was.
 * @throws AiplatError (exit 4) with the program's words when it is not let in: then all runs as before.
 */
export async function logIn(
  { container, standing }: Extract<Step, { do: 'log in node' }>,
  workshop: Workshop,
): Promise<void> {
  const { docker } = workshop.host;
  await removeOld(container.name, workshop);
  for (const id of standing.toReversed()) await docker.stopContainer(id);
  try {
    const id = await docker.createContainer(container);
    await startAndWait(id, container, { ...workshop, wait: true });
  } catch (error) {
    await removeOld(container.name, workshop);
    throw await goOn(error, standing, workshop);
  }
  await removeOld(container.name, workshop);
}

/** One that an interrupted login left would go on with the node's state. */
async function removeOld(name: string, { host: { docker } }: Workshop): Promise<void> {
  for (const { id } of await docker.listContainers({ names: [name] })) {
    await docker.stopContainer(id);
    await docker.removeContainer(id);
  }
}

/** The node's container first, then those that share its network, which is another one now. */
async function goOn(
  error: unknown,
  standing: readonly string[],
  { host: { docker } }: Workshop,
): Promise<unknown> {
  if (!(error instanceof AiplatError)) return error;
  try {
    for (const id of standing) await docker.startContainer(id);
  } catch (thrown) {
    return explained(error, `What ran before could not be started again: ${messageOf(thrown)}`);
  }
  return standing.length === 0 ? error : explained(error, 'The node goes on with the login that it had.');
}

const explained = ({ what, why, fix, exitCode }: AiplatError, more: string): AiplatError =>
  new AiplatError({ what, why: `${more} ${why}`, fix, exitCode });
