import { firewallFault, firewallPath } from '../firewall/raise.ts';
import type { SliceLimits } from '../host/host.ts';
import { LABEL, profileName } from '../tenant/names.ts';
import type { Observed } from './observe.ts';
import type { Stack } from './stack.ts';
import type { Step } from './step.ts';
import { FIREWALL, PROFILES, SLICE } from './step-ids.ts';

/** What has to stand before any container starts: the limits of the tenant, its AppArmor profiles, the firewall. */
export const planWalls = (stack: Stack, observed: Observed): Step[] => [
  ...planSlice(stack, observed),
  ...planProfiles(stack, observed),
  ...planFirewall(stack, observed),
];

function planFirewall({ firewall }: Stack, observed: Observed): Step[] {
  if (firewall === undefined || observed.firewall === undefined) return [];
  const why = firewallFault(observed.firewall);
  if (why === undefined) return [];
  const target = firewallPath(firewall.stateDir);
  return [{ id: FIREWALL, do: 'raise firewall', target, why, needs: [], wish: firewall }];
}

function planSlice({ slice }: Stack, { limits }: Observed): Step[] {
  const changed = Object.entries(slice.limits)
    .filter(([key, value]) => {
      const found = limits?.[key as keyof SliceLimits];
      return limits === undefined || (found !== undefined && found !== value);
    })
    .map(([key]) => key);
  if (changed.length === 0) return [];
  const why = limits === undefined ? 'not found' : `changed: ${changed.join(', ')}`;
  return [{ id: SLICE, do: 'set limits', target: slice.parent, why, needs: [], slice }];
}

function planProfiles({ profiles, tenant }: Stack, { apparmor }: Observed): Step[] {
  if (profiles === undefined) return [];
  const why = profilesFault(profiles.names, profiles.text, apparmor);
  const load: Step[] =
    why === undefined
      ? []
      : [{ id: PROFILES, do: 'load profiles', target: profiles.path, why, needs: [], profiles }];
  const copy: Step[] =
    apparmor.copy === profiles.text
      ? []
      : [
          {
            id: `${PROFILES} copy`,
            do: 'write file',
            target: profiles.copy,
            why: 'for the tenant to read',
            needs: [PROFILES],
            text: profiles.text,
            uid: 0,
            gid: tenant.gid,
            mode: 0o640,
          },
        ];
  return [...load, ...copy];
}

function profilesFault(
  names: readonly string[],
  text: string,
  { loaded, text: found }: Observed['apparmor'],
): string | undefined {
  if (found === undefined) return 'not found';
  if (found !== text) return 'changed';
  const missing = names.filter((name) => loaded?.get(name) !== 'enforce');
  return missing.length === 0 ? undefined : `the kernel does not have ${missing.join(', ')}`;
}

/** What containers wear that stay: a process whose profile is taken away goes on without any. */
function wornNames({ tenant }: Stack, { containers }: Observed, removals: readonly Step[]): Set<string> {
  const gone = new Set(removals.map(({ target }) => target));
  const names = containers
    .filter(({ name, labels }) => labels[LABEL.tenant] === tenant.name && !gone.has(name))
    .flatMap(({ labels }) => labels[LABEL.service] ?? []);
  return new Set(
    names.flatMap((name) => [false, true].map((isAdded) => profileName(tenant.uid, { name, isAdded }))),
  );
}

/** Profiles that the kernel has of this tenant and nobody needs any more, once the containers are gone. */
export function planUnload(stack: Stack, observed: Observed, removals: readonly Step[]): Step[] {
  if (stack.profiles === undefined) return [];
  const wanted = new Set([...stack.profiles.names, ...wornNames(stack, observed, removals)]);
  const names = [...(observed.apparmor.loaded?.keys() ?? [])].filter((name) => !wanted.has(name));
  if (names.length === 0) return [];
  return [
    {
      id: `${PROFILES} unload`,
      do: 'unload profiles',
      target: names.join(', '),
      why: 'no service of the stack wears them',
      needs: [PROFILES, ...removals.map(({ id }) => id)],
      names,
    },
  ];
}
