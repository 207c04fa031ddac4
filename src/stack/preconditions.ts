import type { ImageSource } from '../catalog/schema.ts';
import { type AiplatError, notReady } from '../errors.ts';
import { isOwnListener } from '../ports/published.ts';
import { failedName, LABEL, previousName } from '../tenant/names.ts';
import { overlaps } from '../tenant/numbers.ts';
import type { Observed } from './observe.ts';
import type { Stack } from './stack.ts';

/**
 * What is in the way of a deploy. Found before anything is touched: exit 3.
 * @returns the first trouble, or undefined when the way is clear.
 */
export function obstacle(stack: Stack, observed: Observed, source: ImageSource): AiplatError | undefined {
  return (
    strangeNetwork(stack, observed) ??
    takenSubnet(stack, observed) ??
    strangeContainer(stack, observed) ??
    takenPort(stack, observed) ??
    missingImage(stack, observed, source) ??
    missingAppArmor(stack, observed) ??
    missingFirewall(stack, observed)
  );
}

const isOurs = (labels: Readonly<Record<string, string>>, stack: Stack): boolean =>
  labels[LABEL.tenant] === stack.tenant.name;

function strangeNetwork(stack: Stack, observed: Observed): AiplatError | undefined {
  const { name, subnet } = stack.network;
  const found = observed.networks.find((network) => network.name === name);
  if (found === undefined) return undefined;
  if (!isOurs(found.labels, stack)) {
    return notReady(
      `${stack.tenant.name}: the network ${name} belongs to someone else.`,
      `It has no label ${LABEL.tenant}=${stack.tenant.name}, so aiplat did not make it and will not use it.`,
      `See who uses it with \`docker network inspect ${name}\`; when nobody does, \`docker network rm ${name}\` and deploy again.`,
    );
  }
  if (found.subnets.includes(subnet)) return undefined;
  return notReady(
    `${stack.tenant.name}: the network ${name} has another subnet.`,
    `It has ${found.subnets.join(', ') || 'none'}; the host config gives ${subnet}.`,
    `Put "subnetPool" back, or remove the stack and deploy it again: aiplat teardown --tenant ${stack.tenant.name} (data is kept).`,
  );
}

function takenSubnet(stack: Stack, observed: Observed): AiplatError | undefined {
  const { name, subnet } = stack.network;
  const other = observed.networks.find(
    (network) =>
      network.name !== name &&
      network.subnets.some((taken) => !taken.includes(':') && overlaps(taken, subnet)),
  );
  if (other === undefined) return undefined;
  return notReady(
    `${stack.tenant.name}: the subnet ${subnet} is taken.`,
    `The Docker network ${other.name} has ${other.subnets.join(', ')}.`,
    `Remove that network, or give aiplat another "subnetPool" in the host config.`,
  );
}

function strangeContainer(stack: Stack, observed: Observed): AiplatError | undefined {
  const names = new Set(
    stack.services.flatMap(({ container: { name } }) => [name, previousName(name), failedName(name)]),
  );
  const stranger = observed.containers.find(({ name, labels }) => names.has(name) && !isOurs(labels, stack));
  if (stranger === undefined) return undefined;
  return notReady(
    `${stack.tenant.name}: a container called ${stranger.name} is there already.`,
    `It has no label ${LABEL.tenant}=${stack.tenant.name} and runs ${stranger.image}: aiplat did not make it.`,
    `Rename or remove it: docker rename ${stranger.name} ${stranger.name}-old`,
  );
}

function takenPort(stack: Stack, observed: Observed): AiplatError | undefined {
  const own = observed.containers.filter(({ labels }) => isOurs(labels, stack));
  const strange = observed.listeners.filter((listener) => !isOwnListener(listener, own));
  for (const { service, container } of stack.services) {
    for (const { port } of container.ports) {
      const listener = strange.find((found) => found.port === port);
      if (listener === undefined) continue;
      const { first, last } = stack.tenant.block;
      return notReady(
        `${stack.tenant.name}: port ${port} (${service.name}) is taken.`,
        `${listener.holder} listens on ${listener.address}:${port}, inside the tenant's block ${first}–${last}.`,
        `Stop it, or let aiplat move ${service.name} inside the block: aiplat setup --tenant ${stack.tenant.name}`,
      );
    }
  }
  return undefined;
}

/** Official images are pulled by the plan itself; those that this host builds take minutes and are the admin's to build. */
function missingImage(stack: Stack, observed: Observed, source: ImageSource): AiplatError | undefined {
  const missing = stack.services.filter(
    ({ service, container }) =>
      (source === 'embedded' || service.sources.official?.derived !== undefined) &&
      !observed.images.has(container.image),
  );
  if (missing.length === 0) return undefined;
  const names = missing.map(({ service }) => service.name);
  return notReady(
    `${stack.tenant.name}: ${names.length === 1 ? 'an image is' : 'images are'} not built yet: ${names.join(', ')}.`,
    source === 'embedded'
      ? 'This host uses embedded images ("images": "embedded" in the host config), which it builds itself.'
      : 'As published they run as one user alone: this host builds its own from the official ones.',
    `An admin of the host types: aiplat host images build ${names.join(' ')}`,
  );
}

/** Nothing is started unconfined, so all that a confinement needs is there before anything starts. */
function missingAppArmor(
  { tenant, profiles }: Stack,
  { apparmor: { loaded, hasParser, text } }: Observed,
): AiplatError | undefined {
  if (profiles === undefined) return undefined;
  if (loaded === undefined) {
    return notReady(
      `${tenant.name}: the kernel's AppArmor cannot be seen.`,
      '/sys/kernel/security/apparmor/profiles is not there, though the engine has AppArmor.',
      'Mount it: mount -t securityfs securityfs /sys/kernel/security',
    );
  }
  const lenient = profiles.names.filter((name) => loaded.has(name) && loaded.get(name) !== 'enforce');
  if (lenient.length > 0) {
    return notReady(
      `${tenant.name}: AppArmor profiles are not enforced.`,
      lenient.map((name) => `${name} is in mode ${loaded.get(name)}`).join(', '),
      `Put them in force: aa-enforce ${profiles.path}`,
    );
  }
  const isLoaded = text === profiles.text && profiles.names.every((name) => loaded.has(name));
  if (isLoaded || hasParser) return undefined;
  return notReady(
    `${tenant.name}: AppArmor profiles cannot be loaded.`,
    'The program apparmor_parser is not there.',
    'Install it: apt-get install apparmor',
  );
}

/** The walls between tenants stand before the first container does. */
function missingFirewall({ tenant }: Stack, { firewall }: Observed): AiplatError | undefined {
  if (firewall === undefined || firewall.hasProgram) return undefined;
  return notReady(
    `${tenant.name}: the firewall cannot be raised.`,
    'The program nft is not there.',
    'Install it (apt-get install nftables), or on a machine without strangers set "firewall": "off" in the host config.',
  );
}
