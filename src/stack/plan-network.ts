import type { FoundContainer } from '../host/docker.ts';
import type { Observed } from './observe.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';

/** What has to be done about a container because of its network, although it is as it should be. */
export interface NetworkFault {
  readonly do: 'replace' | 'restart';
  readonly why: string;
}

/**
 * @param ownerStep what is done about the container whose network this one shares.
 * @returns undefined when its network is there.
 */
export function networkFault(
  { container }: WantedService,
  current: FoundContainer,
  observed: Observed,
  { network, ownerStep }: { network: Stack['network']; ownerStep: Step | undefined },
): NetworkFault | undefined {
  if (container.networkOf !== undefined)
    return sharedNetworkFault(container.networkOf, current, observed, ownerStep);
  // The engine attaches a container to the network that it knew by id: one of the same name will not do.
  const id = current.networks[network.name];
  const isLost = id !== '' && id !== observed.networks.find(({ name }) => name === network.name)?.id;
  return isLost ? { do: 'replace', why: 'its network was removed' } : undefined;
}

/** The engine knows the container whose network is shared by its id, too, and each of its starts is another network. */
function sharedNetworkFault(
  ownerName: string,
  current: FoundContainer,
  { containers, namespaces }: Observed,
  ownerStep: Step | undefined,
): NetworkFault | undefined {
  const owner = containers.find(({ name }) => name === ownerName);
  const isMade = ownerStep?.do === 'create container' || ownerStep?.do === 'replace container';
  if (isMade || owner?.id !== current.networkOf)
    return { do: 'replace', why: `the network of ${ownerName} is another one` };
  const isCutOff =
    owner !== undefined &&
    namespaces.has(owner.id) &&
    namespaces.has(current.id) &&
    namespaces.get(owner.id) !== namespaces.get(current.id);
  const isStarted = ownerStep?.do === 'start container' || ownerStep?.do === 'restart container';
  return isStarted || isCutOff
    ? { do: 'restart', why: `${ownerName} starts anew, and its network too` }
    : undefined;
}

/** Names of services, with those whose network starts anew with one of them. */
export function withGuests(stack: Stack, names: ReadonlySet<string>): ReadonlySet<string> {
  const cutOff = householdsOf(stack).flatMap(({ owner, guest }) => (names.has(owner) ? [guest] : []));
  return new Set([...names, ...cutOff]);
}

/** The same, with those whose network they share: without it they cannot start. */
export function withHousehold(stack: Stack, names: ReadonlySet<string>): ReadonlySet<string> {
  const owners = householdsOf(stack).flatMap(({ owner, guest }) => (names.has(guest) ? [owner] : []));
  return withGuests(stack, new Set([...names, ...owners]));
}

const householdsOf = ({ services }: Stack): { owner: string; guest: string }[] =>
  services.flatMap(({ service: { name: guest }, container: { networkOf } }) =>
    services
      .filter(({ container }) => container.name === networkOf)
      .map(({ service }) => ({ owner: service.name, guest })),
  );
