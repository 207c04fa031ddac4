/** One sentence about a wall, and whether it is true. */
export interface Check {
  readonly layer: 'process' | 'AppArmor' | 'files' | 'network' | 'resources' | 'data';
  readonly check: string;
  /** What was seen: of a breach what broke, else what held. */
  readonly evidence: string;
  readonly held: boolean;
}

/** A check that held when there are no faults. */
export const checkOf = (
  layer: Check['layer'],
  check: string,
  faults: readonly string[],
  held: string,
): Check => ({
  layer,
  check,
  evidence: faults.length === 0 ? held : faults.join('; '),
  held: faults.length === 0,
});
