/** What a call gets that comes after the process was killed: it never learns how the world went on. */
export class Killed extends Error {
  constructor() {
    super('this process was killed');
    this.name = 'Killed';
  }
}

/** `before`: the n-th change does not happen any more. `after`: it happens, and nobody hears of it. */
export type Moment = 'before' | 'after';

/**
 * The life of the one process that uses a fake host. Every change of the machine goes through `change`,
 * so that a test can end the process, or make a call fail, at the n-th of them.
 */
export class Life {
  /** Each change since the process began, in words. */
  changes: string[] = [];
  #isDead = false;
  #killAt: { n: number; moment: Moment } | undefined;
  #failAt: { n: number; error: Error } | undefined;

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The process dies at its n-th change, counted from 1. */
  killAt(n: number, moment: Moment): void {
    this.#killAt = { n, moment };
  }

  /** The n-th change is refused with this error. */
  failAt(n: number, error: Error): void {
    this.#failAt = { n, error };
  }

  /** A new process: nothing is planned against it. */
  begin(): void {
    this.changes = [];
    this.#isDead = false;
    this.#killAt = undefined;
    this.#failAt = undefined;
  }

  /** For calls that only look. */
  async look<T>(answer: () => T): Promise<T> {
    this.requireAlive();
    return answer();
  }

  /** For calls that change something. */
  async change<T>(words: string, effect: () => T | Promise<T>): Promise<T> {
    this.requireAlive();
    this.changes.push(words);
    const n = this.changes.length;
    if (this.#failAt?.n === n) throw this.#failAt.error;
    if (this.#killAt?.n !== n) return effect();
    if (this.#killAt.moment === 'after') {
      // The engine finishes what it was told, however the caller fares.
      await Promise.resolve(effect()).catch(() => undefined);
    }
    this.#isDead = true;
    throw new Killed();
  }

  requireAlive(): void {
    if (this.#isDead) throw new Killed();
  }
}
