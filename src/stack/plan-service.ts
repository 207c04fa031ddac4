import { confinementFault } from '../apparmor/confinement.ts';
import type { FoundContainer } from '../host/docker.ts';
import { failedName, LABEL, previousName } from '../tenant/names.ts';
import { candidateOf } from './files.ts';
import { changedParts } from './hash.ts';
import type { Observed } from './observe.ts';
import { planAlign } from './plan-align.ts';
import { planDirectories } from './plan-directories.ts';
import { networkFault } from './plan-network.ts';
import { portReleases } from './plan-ports.ts';
import type { Stack, WantedService } from './stack.ts';
import type { Step } from './step.ts';
import {
  alignId,
  databasesId,
  directoryId,
  EDGE,
  FIREWALL,
  filesId,
  imageId,
  NETWORK,
  PROFILES,
  SLICE,
  serviceId,
} from './step-ids.ts';

/** What makes one service as it has to be: its directories, its files, its container. */
export function planService(wanted: WantedService, stack: Stack, observed: Observed): Step[] {
  const container = planContainer(wanted, stack, observed);
  return [
    ...planDirectories(wanted.directories, observed.paths),
    ...planFiles(wanted, observed, container),
    ...planLeftovers(wanted, stack, observed),
    ...container,
    ...planAlign(wanted, container, find(observed, wanted.container.name, stack.tenant.name), observed),
  ];
}

/** Files for a container that is about to be made; a running program that reloads gets them by that step. */
function planFiles(wanted: WantedService, observed: Observed, container: readonly Step[]): Step[] {
  const { rendered, service } = wanted;
  if (rendered === undefined || container.some((step) => step.do === 'reload config')) return [];
  const changed = changedFiles(wanted, observed);
  if (observed.paths.has(rendered.root) && changed.length === 0) return [];
  const why = observed.paths.has(rendered.root) ? `changed: ${changed.join(', ')}` : 'not found';
  return [
    { id: filesId(service.name), do: 'write files', target: rendered.root, why, needs: [], folder: rendered },
  ];
}

/**
 * Files of a folder that lives on under the same name and holds another text than it should, or a candidate
 * that an interrupted reload left: then nobody knows which of the two the program has.
 */
function changedFiles({ rendered, service }: WantedService, observed: Observed): string[] {
  if (rendered === undefined || service.reload === undefined) return [];
  const { root, files } = rendered;
  return files
    .filter(({ path, text }) => {
      const full = `${root}/${path}`;
      return observed.texts.get(full) !== text || observed.texts.has(candidateOf(full));
    })
    .map(({ path }) => path);
}

const find = (observed: Observed, name: string, tenant: string): FoundContainer | undefined =>
  observed.containers.find(
    (container) => container.name === name && container.labels[LABEL.tenant] === tenant,
  );

function planLeftovers(wanted: WantedService, stack: Stack, observed: Observed): Step[] {
  const failed = find(observed, failedName(wanted.container.name), stack.tenant.name);
  if (failed === undefined) return [];
  const { id, name } = failed;
  return [
    {
      id: `remove ${name}`,
      do: 'remove container',
      target: name,
      why: 'left by a deploy that failed',
      needs: [],
      containerId: id,
    },
  ];
}

function planContainer(wanted: WantedService, stack: Stack, observed: Observed): Step[] {
  const { container, service } = wanted;
  const current = find(observed, container.name, stack.tenant.name);
  const previous = find(observed, previousName(container.name), stack.tenant.name);
  const base = {
    id: serviceId(service.name),
    target: container.name,
    needs: [...needsOf(wanted, stack), ...portReleases(wanted, stack, observed)],
  };
  if (current === undefined && previous === undefined) {
    return [{ ...base, do: 'create container', why: 'not found', container }];
  }
  const isSame = current?.labels[LABEL.hash] === wanted.hash;
  // A program that ends again and again over a file takes the mended one in a container of its own.
  const isStuck = current?.state === 'restarting' && changedFiles(wanted, observed).length > 0;
  const ownerStep = ownerStepOf(wanted, stack, observed);
  const fault = current && networkFault(wanted, current, observed, { network: stack.network, ownerStep });
  const isCutOff = fault?.do === 'replace';
  if (previous !== undefined || !isSame || isStuck || isCutOff) {
    const replacement = {
      container,
      current: current?.id,
      previous: previous?.id,
      isStarted: isSame && !isStuck && !isCutOff,
    };
    const why =
      previous !== undefined
        ? 'an earlier replacement was interrupted'
        : isSame && isCutOff
          ? fault.why
          : changes(current, wanted);
    return [{ ...base, do: 'replace container', why, replacement }];
  }
  if (current === undefined) return [];
  if (fault?.do === 'restart' && current.state === 'running') {
    const { profile } = container;
    return [{ ...base, do: 'restart container', why: fault.why, containerId: current.id, profile }];
  }
  return [...planStart(base, current, stack, wanted, observed), ...planReload(wanted, current, observed)];
}

function ownerStepOf({ container }: WantedService, stack: Stack, observed: Observed): Step | undefined {
  const owner = stack.services.find((one) => one.container.name === container.networkOf);
  return owner && planContainer(owner, stack, observed)[0];
}

function planStart(
  base: Pick<Step, 'id' | 'target' | 'needs'>,
  current: FoundContainer,
  stack: Stack,
  wanted: WantedService,
  observed: Observed,
): Step[] {
  const { profile } = wanted.container;
  const step = { ...base, containerId: current.id, profile };
  const label = observed.apparmor.labels.get(current.id);
  const fault = profile === undefined || label === undefined ? undefined : confinementFault(profile, label);
  if (fault !== undefined) return [{ ...step, do: 'restart container', why: fault }];
  const isAwaited = stack.services.some(({ needs }) => needs.includes(wanted.service.name));
  const isUp = current.state === 'running' || current.state === 'restarting';
  const isWell = current.state === 'running' && (current.health === 'healthy' || current.health === 'none');
  if (isAwaited ? isWell : isUp) return [];
  return current.state === 'paused'
    ? [{ ...step, do: 'restart container', why: 'somebody paused it' }]
    : [{ ...step, do: 'start container', why: `not up: ${current.status || current.state}` }];
}

function planReload(wanted: WantedService, current: FoundContainer, observed: Observed): Step[] {
  const { service, rendered } = wanted;
  if (current.state !== 'running') return [];
  if (rendered === undefined || service.reload === undefined || !observed.paths.has(rendered.root)) return [];
  const changed = changedFiles(wanted, observed);
  if (!changed.some((path) => path.endsWith(`/${service.reload?.file}`))) return [];
  return [
    {
      id: `reload ${service.name}`,
      do: 'reload config',
      target: current.name,
      why: `changed: ${changed.join(', ')}`,
      needs: [EDGE, serviceId(service.name)],
      reload: { ...service.reload, containerId: current.id, folder: rendered },
    },
  ];
}

function needsOf(wanted: WantedService, stack: Stack): string[] {
  const own = [
    SLICE,
    PROFILES,
    FIREWALL,
    EDGE,
    NETWORK,
    imageId(wanted.container.image),
    filesId(wanted.service.name),
    databasesId(wanted.service.name),
    `remove ${failedName(wanted.container.name)}`,
    ...wanted.directories.map(({ path }) => directoryId(path)),
  ];
  const others = stack.services.filter(({ service }) => wanted.needs.includes(service.name));
  return [...own, ...others.flatMap(({ service }) => [serviceId(service.name), alignId(service.name)])];
}

function changes(current: FoundContainer | undefined, wanted: WantedService): string {
  const { image, labels } = wanted.container;
  if (current !== undefined && current.image !== image) return `image changed: ${current.image} → ${image}`;
  const parts = changedParts(current?.labels[LABEL.parts], labels[LABEL.parts]);
  if (current?.state === 'restarting' && parts.length === 0) return `keeps restarting: ${current.status}`;
  return parts.length === 0 ? 'made by an older aiplat' : `changed: ${parts.join(', ')}`;
}
