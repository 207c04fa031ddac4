import { stateOf } from './fake-container.ts';
import type { FakeNode } from './fake-files.ts';
import { type FakeHost, TEMPLATES } from './fake-host.ts';

/**
 * All that counts of a fake machine, in an order that does not depend on how it came to be: two machines
 * with equal snapshots are equal for everybody. Ids and times are left out.
 */
export function snapshot(host: FakeHost): object {
  const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);
  const containers = host.docker.containers.all.map((container) => ({
    name: container.name,
    spec: container.spec,
    state: stateOf(container),
    health: host.docker.containers.healthOf(container.name),
    loaded: Object.fromEntries([...container.loaded].sort()),
  }));
  const networks = host.docker.networks.all.map(({ name, spec }) => ({ name, spec }));
  const paths = host.files.below('').filter((path) => !path.startsWith(TEMPLATES));
  return {
    containers: containers.sort(byName),
    networks: networks.sort(byName),
    images: [...host.docker.images.local.keys()].sort(),
    files: Object.fromEntries(paths.map((path) => [path, withoutIds(path, host.files.tree.get(path))])),
    profiles: [...(host.apparmor.profiles ?? [])].sort(),
    firewall: host.packetFilter.text,
    units: [...host.units.all].sort(),
    slices: [...host.slices.all].sort(),
    groups: [...host.accounts.groups].map(([name, members]) => [name, [...members].sort()]).sort(),
    sysctl: [...host.sysctl.all].sort(),
    mounts: host.mounts.all,
    disks: host.disks.all.map(({ tree, ...disk }) => ({ ...disk, tree: [...tree].sort() })),
    locks: [...host.locks.held.keys()],
  };
}

/** The mark of an alignment is the id of a container. */
export const withoutIds = (path: string, node: FakeNode | undefined): FakeNode | undefined =>
  node !== undefined && path.endsWith('/aligned') ? { ...node, text: 'an id' } : node;
