/** What the kernel tells of use. */

/** Use of CPU and memory of one container. */
export interface Usage {
  /** Share of one CPU over a short while, 1 = one whole CPU. */
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface Memory {
  readonly totalBytes: number;
  /** What programs can still have without others being pushed out. */
  readonly availableBytes: number;
}

export interface Meters {
  /** Of the whole machine. */
  memory(): Promise<Memory>;
  /** By container id, for containers in one of these control groups; ids that cannot be seen from here are missing. */
  usage(ids: readonly string[], parents: readonly string[]): Promise<ReadonlyMap<string, Usage>>;
  /** The processes of each container, likewise. */
  processes(
    ids: readonly string[],
    parents: readonly string[],
  ): Promise<ReadonlyMap<string, readonly number[]>>;
}
