/** Images as the rest of aiplat sees them. */

import type { Labels } from './docker.ts';

export interface BuildSpec {
  readonly contextDir: string;
  readonly files: readonly string[];
  readonly tag: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Labels;
}

export interface FoundImage {
  readonly id: string;
  /** Those of the asked references that are this image. */
  readonly tags: readonly string[];
  readonly labels: Labels;
  readonly sizeBytes: number;
}
