import type { Input } from '../../src/host/users.ts';
import type { Life } from './life.ts';

/** What stands on stdin of the process. */
export class FakeInput implements Input {
  given = '';
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  text(limitBytes: number): Promise<string> {
    return this.#life.look(() => this.given.slice(0, limitBytes));
  }
}
