import type { EdgeWish } from '../edge/raise.ts';
import { type FirewallWish, firewallPath } from '../firewall/raise.ts';
import type { FoundContainer, FoundNetwork } from '../host/docker.ts';
import type { Slice } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { LABEL } from '../tenant/names.ts';
import { planRelease, type Release } from '../volumes/plan.ts';
import type { Step } from './step.ts';

/** What a teardown found of a tenant. */
export interface Remains {
  readonly containers: readonly FoundContainer[];
  readonly networks: readonly FoundNetwork[];
  /** Directories that exist and may go: aiplat's own state, and with --delete-data the tenant's. */
  readonly directories: readonly { readonly path: string; readonly why: string }[];
  /** AppArmor profiles of the tenant that the kernel has. */
  readonly profiles: readonly string[];
  /** Control groups of the tenant that the kernel has. */
  readonly slices: readonly Slice[];
  /** The firewall without this tenant, when it has something of it. */
  readonly firewall: FirewallWish | undefined;
  /** The edge without this tenant, when it has something of it. */
  readonly edge: EdgeWish | undefined;
  /** The volume, when it is to be released. */
  readonly volume: Release | undefined;
}

/** Removes all that a tenant has on the machine, containers before what they use. */
export function planTeardown(
  tenant: Tenant,
  { containers, networks, directories, profiles, slices, firewall, edge, volume }: Remains,
): Step[] {
  const own = containers.filter(({ labels }) => labels[LABEL.tenant] === tenant.name);
  const ids = own.map(({ name }) => `remove ${name}`);
  const removals = own.map(
    ({ id, name }): Step => ({
      id: `remove ${name}`,
      do: 'remove container',
      target: name,
      why: `belongs to ${tenant.name}`,
      needs: ['edge'],
      containerId: id,
    }),
  );
  const network = networks.filter(
    ({ name, labels }) => name === tenant.network && labels[LABEL.tenant] === tenant.name,
  );
  return [
    // First, so that nobody is sent to what is about to go.
    ...(edge === undefined
      ? []
      : [
          {
            id: 'edge',
            do: 'raise edge',
            target: edge.paths.config,
            why: `${tenant.name} needs no place in it any more`,
            needs: [],
            wish: edge,
          } satisfies Step,
        ]),
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
    // Only then: a process whose profile is taken away goes on without any.
    ...(profiles.length === 0
      ? []
      : [
          {
            id: 'unload',
            do: 'unload profiles',
            target: profiles.join(', '),
            why: `belong to ${tenant.name}`,
            needs: ids,
            names: profiles,
          } satisfies Step,
        ]),
    ...(firewall === undefined
      ? []
      : [
          {
            id: 'firewall',
            do: 'raise firewall',
            target: firewallPath(firewall.stateDir),
            why: `${tenant.name} needs no place in it any more`,
            needs: ids,
            wish: firewall,
          } satisfies Step,
        ]),
    ...slices.map(
      (slice): Step => ({
        id: `slice ${slice.parent}`,
        do: 'remove limits',
        target: slice.parent,
        why: `belong to ${tenant.name}`,
        needs: ids,
        slice,
      }),
    ),
    ...directories.map(
      ({ path, why }): Step => ({
        id: `directory ${path}`,
        do: 'remove directory',
        target: path,
        why,
        needs: [...ids, 'firewall', 'edge'],
      }),
    ),
    ...(volume === undefined
      ? []
      : planRelease(volume, [...ids, ...directories.map(({ path }) => `directory ${path}`)])),
  ];
}
