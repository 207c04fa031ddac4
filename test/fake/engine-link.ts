import type { AiplatError } from '../../src/errors.ts';
import { engineError } from '../../src/host/docker-errors.ts';
import type { Life } from './life.ts';

const ENDPOINT = 'unix:///fake.sock';

/** What a refusal of the engine looks like to its callers: the same error that the real host makes of it. */
export const engineRefuses = (statusCode: number, message: string): AiplatError =>
  engineError({ statusCode, json: { message } }, 'do that', ENDPOINT);

/** The way from the process to the fake engine, which may be closed. */
export class EngineLink {
  /** No call is answered while this is so. */
  isAway = false;
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  look<T>(answer: () => T): Promise<T> {
    return this.#life.look(() => {
      this.#requireReachable();
      return answer();
    });
  }

  change<T>(words: string, effect: () => T | Promise<T>): Promise<T> {
    return this.#life.change(words, () => {
      this.#requireReachable();
      return effect();
    });
  }

  #requireReachable(): void {
    if (this.isAway) throw engineError({ code: 'ECONNREFUSED' }, 'do that', ENDPOINT);
  }
}
