import type { FoundContainer } from '../host/docker.ts';
import type { Listener } from '../host/host.ts';
import { LABEL } from '../tenant/names.ts';

/** The addresses that a container publishes when it runs, as its label remembers them. */
export function labelledPorts({ labels }: FoundContainer): { address: string; port: number }[] {
  const text = labels[LABEL.ports] ?? '';
  return text === ''
    ? []
    : text
        .split(',')
        .map((entry) => ({ address: entry.split(':')[0] ?? '', port: Number(entry.split(':')[1]) }));
}

/**
 * Is this listener the engine's own, for one of the tenant's containers? While a container starts, the
 * engine listens already and does not list the port yet: then the label tells.
 */
export function isOwnListener(listener: Listener, own: readonly FoundContainer[]): boolean {
  const isListed = own.some(({ publishedPorts }) =>
    publishedPorts.some(({ port }) => port === listener.port),
  );
  if (isListed) return true;
  const isEngine = listener.holder.startsWith('docker-proxy');
  return (
    isEngine && own.some((container) => labelledPorts(container).some(({ port }) => port === listener.port))
  );
}
