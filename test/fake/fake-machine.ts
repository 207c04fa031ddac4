import { notReady } from '../../src/errors.ts';
import type {
  CommandResult,
  Commands,
  Lock,
  LockHolder,
  Locks,
  Memory,
  Meters,
  Usage,
} from '../../src/host/host.ts';
import type { FakeClock } from './fake-clock.ts';
import type { Life } from './life.ts';

const LOCK_ROUND_MS = 100;

/** Locks in memory; `forget` is what the kernel does when their process ends. */
export class FakeLocks implements Locks {
  readonly held = new Map<string, LockHolder>();
  readonly #life: Life;
  readonly #clock: FakeClock;

  constructor(life: Life, clock: FakeClock) {
    this.#life = life;
    this.#clock = clock;
  }

  async acquire(path: string, holder: LockHolder, waitMs: number): Promise<Lock | LockHolder> {
    const deadline = this.#clock.now().getTime() + waitMs;
    for (;;) {
      this.#life.requireAlive();
      const other = this.held.get(path);
      if (other === undefined) return this.#hold(path, holder);
      if (this.#clock.now().getTime() >= deadline) return other;
      await this.#clock.sleep(LOCK_ROUND_MS);
    }
  }

  forget(): void {
    this.held.clear();
  }

  #hold(path: string, holder: LockHolder): Lock {
    this.held.set(path, holder);
    return {
      release: async () => {
        this.#life.requireAlive();
        this.held.delete(path);
      },
    };
  }
}

/** Every container uses half a CPU and 64 MB. */
export class FakeMeters implements Meters {
  machine: Memory = { totalBytes: 64e9, availableBytes: 60e9 };
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  memory(): Promise<Memory> {
    return this.#life.look(() => this.machine);
  }

  usage(ids: readonly string[]): Promise<ReadonlyMap<string, Usage>> {
    return this.#life.look(() => new Map(ids.map((id) => [id, { cpus: 0.5, memoryBytes: 64e6 }])));
  }

  processes(ids: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    return this.#life.look(() => new Map(ids.map((id) => [id, [1000 + Number(id.replace('id-', ''))]])));
  }
}

/** What a program of the fake machine does. */
export interface FakeProgramOfHost {
  /** Does it only look? Then it is no change of the machine. */
  readonly isLook?: boolean | ((args: readonly string[]) => boolean);
  readonly run: (args: readonly string[]) => CommandResult;
}

/** Programs of the machine, by name. One that nobody put there is not installed. */
export class FakeCommands implements Commands {
  readonly programs = new Map<string, FakeProgramOfHost>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  run(program: string, args: readonly string[], onLine?: (line: string) => void): Promise<CommandResult> {
    const known = this.programs.get(program);
    const effect = (): CommandResult => {
      if (known === undefined)
        throw notReady(`${program} is not installed.`, 'It is needed.', `apt-get install ${program}`);
      const result = known.run(args);
      for (const line of result.output.split('\n')) onLine?.(line);
      return result;
    };
    const isLook = known === undefined || (known.isLook ?? false);
    return (typeof isLook === 'function' ? isLook(args) : isLook)
      ? this.#life.look(effect)
      : this.#life.change(`run ${program} ${args.join(' ')}`, effect);
  }
}
