import type { Step } from '../../stack/step.ts';

/** Writes down what is added to a tenant: root's alone, because it holds secrets. */
export const recordStep = (path: string, text: string, why: string, after: readonly Step[]): Step => ({
  id: 'added services',
  do: 'write file',
  target: path,
  why,
  needs: after.map(({ id }) => id),
  text,
  uid: 0,
  gid: 0,
  mode: 0o600,
});
