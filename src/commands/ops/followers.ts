import type { FoundContainer } from '../../host/docker.ts';
import { digest } from '../../stack/hash.ts';
import type { Stack, WantedService } from '../../stack/stack.ts';
import { LABEL } from '../../tenant/names.ts';

/** The stack as it has to be after a change, with those services alone that it concerns and that have a container. */
export function followers(before: Stack, after: Stack, containers: readonly FoundContainer[]): Stack {
  const present = new Set(containers.map(({ labels }) => labels[LABEL.service]));
  const services = changedServices(before, after).filter(({ service }) => present.has(service.name));
  return { ...after, services };
}

/** Whatever changes in its container or its files concerns a service. */
export function changedServices(before: Stack, after: Stack): WantedService[] {
  const printOf = ({ hash, rendered }: WantedService): string => digest([hash, rendered?.files]);
  const old = new Set(before.services.map(printOf));
  return after.services.filter((wanted) => !old.has(printOf(wanted)));
}
