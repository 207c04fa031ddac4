import type { Service } from '../catalog/schema.ts';
import type { FoundContainer } from '../host/docker.ts';
import { alignedPath } from './align.ts';
import type { Observed } from './observe.ts';
import type { WantedService } from './stack.ts';
import type { Step } from './step.ts';
import { alignId, filesId, serviceId } from './step-ids.ts';

/**
 * Data that remembers a secret is brought in line with it after its container was made. When a deploy ended
 * between the two, the mark of the last alignment tells that it is due still.
 * @param steps what is done about the container.
 * @param current the container that is there before.
 */
export function planAlign(
  { service, container, rendered }: WantedService,
  steps: readonly Step[],
  current: FoundContainer | undefined,
  observed: Observed,
): Step[] {
  if (service.alignData === undefined || rendered === undefined) return [];
  const isMade = steps.some((step) => step.do === 'create container' || step.do === 'replace container');
  const marker = alignedPath(rendered);
  if (!isMade && observed.texts.get(marker) === current?.id) return [];
  return [
    {
      id: alignId(service.name),
      do: 'align data',
      target: container.name,
      why: isMade ? reasonOf(service) : 'not done for this container',
      needs: [serviceId(service.name), filesId(service.name)],
      command: service.alignData,
      marker,
    },
  ];
}

const reasonOf = ({ secrets }: Service): string =>
  secrets.length === 0 ? 'clients look for a database in it' : 'its data remembers a secret';
