import type { BuildSpec, FoundImage, Labels, OnProgress } from '../../src/host/docker.ts';
import { type EngineLink, engineRefuses } from './engine-link.ts';
import type { FakeClock } from './fake-clock.ts';

const PULL_MS = 2_000;

/** The images of the fake engine, and the registry that it pulls from. */
export class FakeImages {
  /** By reference, as callers write it. */
  readonly local = new Map<string, FoundImage>();
  /** References that the registry does not have. */
  readonly unknown = new Set<string>();
  /** Files of an image, by `REFERENCE PATH`. */
  readonly fileTexts = new Map<string, string>();
  /** Paths that an image declares as places of data. */
  readonly volumes = new Map<string, string[]>();
  /** So many builds more fail, because what they fetch cannot be reached. */
  failingBuilds = 0;
  readonly #link: EngineLink;
  readonly #clock: FakeClock;

  constructor(link: EngineLink, clock: FakeClock) {
    this.#link = link;
    this.#clock = clock;
  }

  put(reference: string, labels: Labels = {}): void {
    this.local.set(reference, {
      id: `sha256:${reference}`,
      tags: [reference],
      labels,
      sizeBytes: 100_000_000,
    });
  }

  list(references: readonly string[]): Promise<FoundImage[]> {
    return this.#link.look(() => references.flatMap((reference) => this.local.get(reference) ?? []));
  }

  volumesOf(reference: string): Promise<string[]> {
    return this.#link.look(() => this.volumes.get(reference) ?? []);
  }

  pull(reference: string, onProgress: OnProgress): Promise<void> {
    return this.#link.change(`pull ${reference}`, async () => {
      onProgress('50 of 100 MB');
      await this.#clock.elapse(PULL_MS);
      if (this.unknown.has(reference)) throw engineRefuses(404, `manifest for ${reference} not found`);
      this.put(reference);
    });
  }

  build({ tag, labels }: BuildSpec, onProgress: OnProgress): Promise<void> {
    return this.#link.change(`build ${tag}`, () => {
      onProgress('Step 1/1');
      if (this.failingBuilds-- > 0) throw new Error('npm error code ECONNRESET');
      this.put(tag, labels);
    });
  }

  import(tag: string, labels: Labels): Promise<void> {
    return this.#link.change(`import ${tag}`, () => this.put(tag, labels));
  }

  readFile(reference: string, path: string): Promise<string> {
    return this.#link.look(() => {
      if (!this.local.has(reference)) throw engineRefuses(404, `No such image: ${reference}`);
      return this.fileTexts.get(`${reference} ${path}`) ?? '';
    });
  }

  remove(reference: string, isUsed: () => boolean): Promise<void> {
    return this.#link.change(`remove image ${reference}`, () => {
      if (isUsed()) throw engineRefuses(409, `conflict: unable to remove ${reference}: it is in use`);
      this.local.delete(reference);
    });
  }
}
