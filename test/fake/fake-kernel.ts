import { AiplatError, EXIT, notReady } from '../../src/errors.ts';
import type { AppArmor, Slice, SliceLimits, Slices, SliceUsage } from '../../src/host/host.ts';
import type { FakeFiles } from './fake-files.ts';
import type { Life } from './life.ts';

/** The AppArmor of the fake kernel. */
export class FakeAppArmor implements AppArmor {
  /** Profile → mode; undefined is a kernel without AppArmor. */
  profiles: Map<string, string> | undefined = new Map([['docker-default', 'enforce']]);
  isParserThere = true;
  /** A load loses the profiles of these names, and says that all is well. */
  readonly lost = new Set<string>();
  /** Process → the profile that it wears. */
  worn: () => ReadonlyMap<number, string> = () => new Map();
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  loaded(): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#life.look(() => this.profiles && new Map(this.profiles));
  }

  hasParser(): Promise<boolean> {
    return this.#life.look(() => this.isParserThere);
  }

  load(path: string): Promise<void> {
    return this.#life.change(`load profiles of ${path}`, () => {
      const text = this.#files.text(path);
      if (!this.isParserThere || text === undefined) {
        throw notReady('The profiles cannot be loaded.', `no ${path}`, 'Write them.');
      }
      for (const [, name = ''] of text.matchAll(/^profile (\S+) /gm)) {
        if (!this.lost.has(name)) this.profiles?.set(name, 'enforce');
      }
    });
  }

  unload(names: readonly string[]): Promise<void> {
    return this.#life.change(`unload ${names.join(', ')}`, () => {
      const worn = names.find((name) => [...this.worn().values()].includes(name));
      if (worn !== undefined) {
        const [what, why, fix] = [`${worn} is worn.`, 'A process wears it.', 'End it.'];
        throw new AiplatError({ what, why, fix, exitCode: EXIT.stopped });
      }
      for (const name of names) this.profiles?.delete(name);
    });
  }

  labelOf(pid: number): Promise<string | undefined> {
    return this.#life.look(() => {
      const name = this.worn().get(pid);
      if (name === undefined) return undefined;
      // The processes of a profile that was removed go on without any.
      return this.profiles?.has(name) ? `${name} (${this.profiles.get(name)})` : 'unconfined';
    });
  }
}

/** The control groups of tenants. */
export class FakeSlices implements Slices {
  readonly all = new Map<string, SliceLimits>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  limits({ parent }: Slice): Promise<SliceLimits | undefined> {
    return this.#life.look(() => this.all.get(parent));
  }

  usage({ parent }: Slice): Promise<SliceUsage | undefined> {
    return this.#life.look(() => (this.all.has(parent) ? { memoryBytes: 256e6, pids: 12 } : undefined));
  }

  apply({ parent }: Slice, { cpuWeight, ioWeight, memoryBytes, pids }: SliceLimits): Promise<void> {
    return this.#life.change(`limit ${parent}`, () => {
      this.all.set(parent, { cpuWeight, ioWeight, memoryBytes, pids });
    });
  }

  remove({ parent }: Slice): Promise<void> {
    return this.#life.change(`remove limits of ${parent}`, () => {
      this.all.delete(parent);
    });
  }
}
