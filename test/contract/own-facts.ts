import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Facts } from './facts.ts';

/** The facts of this container: several services may run one image, and each is the name of its host. */
export function ownFacts(): Facts {
  const all = JSON.parse(readFileSync('/opt/stand-in/facts.json', 'utf8')) as Facts[];
  const own = all.find(({ service }) => service === hostname());
  if (own === undefined) throw new Error(`there are no facts of ${hostname()} in this image`);
  return own;
}
