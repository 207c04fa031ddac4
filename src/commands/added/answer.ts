import { AiplatError, EXIT } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { WantedService } from '../../stack/stack.ts';
import type { Context } from '../context.ts';

const ROUND_MS = 500;
const LOG_LINES = 20;

/**
 * Waits until something listens on the port of an added service, tried from inside its network: an image without a
 * health check runs from its first moment on, and one whose check is of another thing is healthy all the same.
 * @throws AiplatError (exit 4) when nothing does within the time.
 */
export async function untilAnswering(
  { host }: Context,
  { service, container }: WantedService,
  timeoutMs: number,
): Promise<void> {
  const port = container.ports[0]?.container ?? 0;
  const look = async (): Promise<FoundContainer | undefined> =>
    (await host.docker.listContainers({ names: [container.name] }))[0];
  for (const deadline = host.clock.now().getTime() + timeoutMs; ; ) {
    const found = await look();
    if (found !== undefined && (await listens(host, found, port))) return;
    if (host.clock.now().getTime() >= deadline) throw await silence(host, found, service.name, port);
    await host.clock.sleep(ROUND_MS);
  }
}

type Host = Context['host'];

async function listens(host: Host, { id, state, addresses }: FoundContainer, port: number): Promise<boolean> {
  const [address] = addresses;
  if (state !== 'running' || address === undefined) return false;
  const [reached] = await host.probes.connect({ networkOf: await host.docker.pidOf(id) }, [
    { address, port },
  ]);
  return reached === 'open';
}

async function silence(
  host: Host,
  found: FoundContainer | undefined,
  name: string,
  port: number,
): Promise<AiplatError> {
  const log = found === undefined ? '' : (await host.docker.logTail(found.id, LOG_LINES)).trim();
  return new AiplatError({
    what: `Nothing listens on port ${port} of ${name}.`,
    why: `It was tried from inside the tenant's network. ${log === '' ? 'It wrote no log.' : `Its last log lines:\n${log}`}`,
    fix: 'Name the port on which it listens, and let it listen on all addresses of its container (0.0.0.0), not on 127.0.0.1 alone.',
    exitCode: EXIT.unhealthy,
  });
}
