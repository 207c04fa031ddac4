import type { Listener, Sockets } from '../../src/host/host.ts';
import type { Life } from './life.ts';

/** Does a listener keep others from listening on the same port of this address? */
export const isInTheWay = ({ address }: Listener, wanted: string): boolean =>
  address === wanted || address === '0.0.0.0' || address === '::';

/** Listening sockets: those of programs, which tests put there, and those of running containers. */
export class FakeSockets implements Sockets {
  /** Programs of the machine. */
  readonly programs: Listener[] = [];
  /** What the engine publishes now. */
  published: () => Listener[] = () => [];
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  all(): Listener[] {
    return [...this.programs, ...this.published()];
  }

  listeners(address: string, first: number, last: number): Promise<Listener[]> {
    return this.#life.look(() =>
      this.all()
        .filter(({ port }) => port >= first && port <= last)
        .filter((found) => isInTheWay(found, address)),
    );
  }
}
