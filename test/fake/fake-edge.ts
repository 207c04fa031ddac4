import type { EdgePlaces, EdgeProcess } from '../../src/host/host.ts';
import type { FakeFiles } from './fake-files.ts';
import type { FakeUnits } from './fake-kernel.ts';
import type { Life } from './life.ts';

/** HAProxy of the fake machine: it runs with the text that it took over last. */
export class FakeEdge implements EdgeProcess {
  isProgramThere = true;
  /** Its configuration and its map, while it runs. */
  texts: { readonly config: string; readonly map: string } | undefined;
  /** What it says against every configuration. */
  fault: string | undefined;
  readonly #life: Life;
  readonly #files: FakeFiles;
  readonly #units: FakeUnits;

  constructor(life: Life, files: FakeFiles, units: FakeUnits) {
    this.#life = life;
    this.#files = files;
    this.#units = units;
  }

  hasProgram(): Promise<boolean> {
    return this.#life.look(() => this.isProgramThere);
  }

  complaint(): Promise<string | undefined> {
    return this.#life.look(() => this.fault);
  }

  running(): Promise<string | undefined> {
    return this.#life.look(() => /^ {4}description (.*)$/m.exec(this.texts?.config ?? '')?.[1]);
  }

  takeOver({ unit, config }: EdgePlaces): Promise<void> {
    return this.#life.change('edge takes over', () => {
      const map = config.replace(/haproxy\.cfg$/, 'hosts.map');
      this.texts = { config: this.#files.text(config) ?? '', map: this.#files.text(map) ?? '' };
      this.#units.started.add(unit);
    });
  }

  stop(): Promise<void> {
    return this.#life.change('stop edge', () => {
      this.texts = undefined;
    });
  }
}
