/** One thing that a host needs, and how it is. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly isWell: boolean;
  /** What to do when it is not. */
  readonly fix: string;
}
