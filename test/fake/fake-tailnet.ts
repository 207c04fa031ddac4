import type { Behaviour, FakeContainer } from './fake-container.ts';
import { WELL } from './fake-container.ts';

/** A node, as its network knows it: the state in one data directory is one node. */
export interface FakeNode {
  readonly id: number;
  /** The keys with which it was let in, in their order. */
  readonly logins: string[];
  /** Its own key has ended: it has to log in again. */
  hasEnded: boolean;
}

const REFUSED: Behaviour = {
  kind: 'exits',
  exitCode: 1,
  log: 'backend error: invalid key: API key does not exist',
};

/** Somebody's network of Tailscale. Each key lets in as often as it says, or always. */
export class FakeTailnet {
  /** Data directory → its node. */
  readonly nodes = new Map<string, FakeNode>();
  /** Key → how often it lets in still. */
  readonly keys = new Map<string, number>();

  /** What the program of a container does when it starts: one that is logged in needs no key. */
  behaviourOf(container: FakeContainer): Behaviour {
    const node = this.nodes.get(stateOf(container));
    const logsIn = container.spec.runsOnce === true || node === undefined || node.hasEnded;
    return !logsIn || this.#letIn(container) ? WELL : REFUSED;
  }

  #letIn(container: FakeContainer): boolean {
    const key = container.loaded.get('/run/secrets/TAILSCALE_AUTH_KEY') ?? '';
    const left = this.keys.get(key) ?? Number.POSITIVE_INFINITY;
    if (left === 0) return false;
    this.keys.set(key, left - 1);
    const state = stateOf(container);
    const node = this.nodes.get(state) ?? { id: this.nodes.size + 1, logins: [], hasEnded: false };
    node.logins.push(key);
    node.hasEnded = false;
    this.nodes.set(state, node);
    return true;
  }
}

const stateOf = ({ spec }: FakeContainer): string =>
  spec.mounts.find(({ target }) => target === '/var/lib/tailscale')?.source ?? '';
