import type { Clock } from '../../src/host/host.ts';
import type { Life } from './life.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/**
 * Time that stands still while anybody works and jumps to the next alarm when all sleep: sleeps that go on
 * side by side take as long as the longest of them, and no test waits for any.
 */
export class FakeClock implements Clock {
  #now = Date.parse('2027-01-01T00:00:00Z');
  #sleepers: Sleeper[] = [];
  #isPumping = false;
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number): Promise<void> {
    this.#life.requireAlive();
    await this.elapse(ms);
    this.#life.requireAlive();
  }

  /** Lets time pass for something outside of the process, such as the engine. */
  elapse(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ until: this.#now + ms, wake });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isPumping || this.#sleepers.length === 0) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#now = Math.max(this.#now, Math.min(...this.#sleepers.map(({ until }) => until)));
      const due = this.#sleepers.filter(({ until }) => until <= this.#now);
      this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
      for (const { wake } of due) wake();
      this.#pump();
    });
  }
}
