import type { FoundContainer, FoundNetwork } from '../host/docker.ts';
import type { Tenant } from '../tenant/identity.ts';
import { LABEL } from '../tenant/names.ts';
import type { Step } from './step.ts';

/** What a teardown found of a tenant. */
export interface Remains {
  readonly containers: readonly FoundContainer[];
  readonly networks: readonly FoundNetwork[];
  /** Directories that exist and may go: aiplat's own state, and with --delete-data the tenant's. */
  readonly directories: readonly { readonly path: string; readonly why: string }[];
}

/** Removes all that a tenant has on the machine, containers before what they use. */
export function planTeardown(tenant: Tenant, { containers, networks, directories }: Remains): Step[] {
  const own = containers.filter(({ labels }) => labels[LABEL.tenant] === tenant.name);
  const ids = own.map(({ name }) => `remove ${name}`);
  const removals = own.map(
    ({ id, name }): Step => ({
      id: `remove ${name}`,
      do: 'remove container',
      target: name,
      why: `belongs to ${tenant.name}`,
      needs: [],
      containerId: id,
    }),
  );
  const network = networks.filter(
    ({ name, labels }) => name === tenant.network && labels[LABEL.tenant] === tenant.name,
  );
  return [
    ...removals,
    ...network.map(
      ({ id, name }): Step => ({
        id: 'network',
        do: 'remove network',
        target: name,
        why: `belongs to ${tenant.name}`,
        needs: ids,
        networkId: id,
      }),
    ),
    ...directories.map(
      ({ path, why }): Step => ({
        id: `directory ${path}`,
        do: 'remove directory',
        target: path,
        why,
        needs: ids,
      }),
    ),
  ];
}
