import { confinementFault } from '../apparmor/confinement.ts';
import type { WantedService } from '../stack/stack.ts';
import { type Check, checkOf } from './check.ts';
import type { Facts, SeenContainer, SeenProcess } from './facts.ts';

/** Judges one container: its processes, what it shares, sees and reaches. */
export function judgeContainer(container: SeenContainer, facts: Facts): Check[] {
  const wanted = facts.stack.services.find(({ service }) => service.name === container.service);
  if (wanted === undefined) {
    const evidence = 'it runs, and the .env does not ask for it';
    return [{ layer: 'process', check: container.name, evidence, held: false }];
  }
  const { name, processes } = container;
  return [
    checkOf(
      'process',
      `${name} runs as its user, with no more rights`,
      processFaults(container, wanted),
      `${processes.length} processes as ${wanted.container.user}`,
    ),
    checkOf(
      'process',
      `${name} shares nothing with the host`,
      sharingFaults(container, facts, wanted),
      'own namespaces, no devices, not privileged',
    ),
    ...(wanted.container.profile === undefined ? [] : [judgeLabel(container, wanted.container.profile)]),
    checkOf(
      'files',
      `${name} sees its own volume alone`,
      mountFaults(container, facts, wanted),
      `${container.walls.mounts.length} mounts`,
    ),
    checkOf(
      'network',
      `${name} is on its tenant's network alone`,
      networkFaults(container, facts, wanted),
      facts.stack.network.name,
    ),
    ...(container.readShadow === undefined ? [] : [judgeShadow(container)]),
    ...judgeData(container, wanted),
  ];
}

/** A program without a lock has to be where nobody else can knock; the network checks try that. */
function judgeData({ name, opened, walls }: SeenContainer, { service }: WantedService): Check[] {
  if (opened !== undefined) {
    const faults = [
      ...(opened.withoutKey ? ['it let somebody in without'] : []),
      ...(opened.withKey
        ? []
        : ['it does not open with its key either, so the attempt without says nothing']),
    ];
    return [
      checkOf('data', `${name} lets nobody in without its key`, faults, 'refused; with the key it opens'),
    ];
  }
  if (service.vectorDb === undefined) return [];
  const faults = walls.published.map(({ address, port }) => `it is published at ${address}:${port}`);
  return [
    checkOf(
      'data',
      `${name}, whose program knows no key, is published nowhere`,
      faults,
      "its tenant's network is its wall",
    ),
  ];
}

const judgeShadow = ({ name, readShadow }: SeenContainer): Check =>
  checkOf(
    'AppArmor',
    `${name} cannot read /etc/shadow`,
    readShadow?.exitCode === 0 ? ['it was read'] : [],
    'refused',
  );

function judgeLabel({ name, processes }: SeenContainer, profile: string): Check {
  const faults = processes.flatMap(({ pid, label }) => {
    const fault = label === undefined ? undefined : confinementFault(profile, label);
    return fault === undefined ? [] : [`process ${pid}: ${fault}`];
  });
  return checkOf('AppArmor', `${name} is confined, by the kernel's word`, faults, profile);
}

function processFaults({ processes }: SeenContainer, { container }: WantedService): string[] {
  if (processes.length === 0) return ['no process was seen'];
  return processes.flatMap((process) => processFault(process, container.user, container.capabilities));
}

/** The bit of each capability that a catalogue entry may ask for (Linux, capability.h). */
const CAPABILITY_BITS: Readonly<Record<string, bigint>> = {
  CHOWN: 0n,
  DAC_OVERRIDE: 1n,
  FOWNER: 3n,
  KILL: 5n,
  SETGID: 6n,
  SETUID: 7n,
  NET_BIND_SERVICE: 10n,
  NET_ADMIN: 12n,
};

function processFault({ pid, status }: SeenProcess, user: string, capabilities: readonly string[]): string[] {
  const allowed = capabilities.reduce((bits, name) => bits | (1n << (CAPABILITY_BITS[name] ?? 63n)), 0n);
  const [uid = '', gid = ''] = user.split(':');
  const ids = (key: string, id: string): string[] =>
    (status[key] ?? '').split(/\s+/).some((one) => one !== id)
      ? [`process ${pid}: ${key} ${status[key]}`]
      : [];
  const sets = ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb', 'CapInh'].flatMap((key) =>
    (BigInt(`0x${status[key] ?? 'f'}`) & ~allowed) === 0n ? [] : [`process ${pid}: ${key} ${status[key]}`],
  );
  const flags = [
    ...(status.NoNewPrivs === '1' ? [] : [`process ${pid}: may gain privileges`]),
    ...(status.Seccomp === '2' ? [] : [`process ${pid}: no system call filter`]),
  ];
  return [...ids('Uid', uid), ...ids('Gid', gid), ...sets, ...flags];
}

/** The one namespace that a container may share is that of the service which its entry names. */
const sharedNamespaces = ({ walls }: SeenContainer, { containers }: Facts, { container }: WantedService) => {
  const owner = containers.find(({ name }) => name === container.networkOf);
  return walls.sharedNamespaces.filter(
    (one) => owner === undefined || one !== `network: container:${owner.id}`,
  );
};

function sharingFaults(seen: SeenContainer, facts: Facts, wanted: WantedService): string[] {
  const { walls } = seen;
  const { container } = wanted;
  const extra = walls.addedCapabilities.filter(
    (name) => !container.capabilities.includes(name.replace(/^CAP_/, '')),
  );
  const open = walls.securityOptions.filter((option) => /unconfined|disable/.test(option));
  return [
    ...(walls.isPrivileged ? ['it is privileged'] : []),
    ...sharedNamespaces(seen, facts, wanted),
    ...(walls.devices > (container.gpu ? 1 : 0) ? [`${walls.devices} devices`] : []),
    ...extra.map((name) => `capability ${name}`),
    ...open,
    ...(walls.readOnlyRoot || !container.readOnlyRoot ? [] : ['its root file system can be written']),
  ];
}

function mountFaults({ walls }: SeenContainer, { stack }: Facts, { container }: WantedService): string[] {
  const known = new Map(container.mounts.map((mount) => [mount.target, mount]));
  const isBelow = (path: string, root: string): boolean => path.startsWith(`${root}/`);
  // The tenant's own control groups and no level above: there are those of all tenants.
  const groups = new Set(stack.slice.directories.map(({ path }) => path));
  return walls.mounts.flatMap(({ source, target, readOnly }) => {
    if (/docker\.sock|containerd/.test(source)) return [`the engine's socket, at ${target}`];
    const isOwn = isBelow(source, `${stack.tenant.baseDir}/data`) || isBelow(source, stack.renderedDir);
    if (!isOwn && !groups.has(source)) return [`${source}, at ${target}`];
    const wanted = known.get(target);
    if (wanted === undefined) return [`${source}, at ${target}, which nobody asked for`];
    return wanted.readOnly && !readOnly ? [`${target} can be written`] : [];
  });
}

function networkFaults({ walls }: SeenContainer, { stack }: Facts, { container }: WantedService): string[] {
  const others = walls.networks.filter((name) => name !== stack.network.name);
  const known = new Set(container.ports.map(({ address, port }) => `${address}:${port}`));
  const ports = walls.published.map(({ address, port }) => `${address}:${port}`);
  return [
    ...others.map((name) => `it is on ${name} too`),
    ...ports.filter((port) => !known.has(port)).map((port) => `it publishes ${port}`),
    ...(walls.cgroupParent === stack.slice.parent
      ? []
      : [`it is in the control group ${walls.cgroupParent || 'of the engine'}`]),
  ];
}
