import type { FoundNetwork, NetworkSpec } from '../../src/host/docker.ts';
import { overlaps } from '../../src/tenant/numbers.ts';
import { type EngineLink, engineRefuses } from './engine-link.ts';

export interface FakeNetwork extends FoundNetwork {
  readonly spec: NetworkSpec;
}

/** Devices of Linux have names of at most 15 characters (IFNAMSIZ). */
const MAX_DEVICE_NAME = 15;

/** The networks of the fake engine. */
export class FakeNetworks {
  all: FakeNetwork[] = [];
  /** Names of networks on which a container runs. */
  inUse: () => ReadonlySet<string> = () => new Set();
  readonly #link: EngineLink;
  #lastId = 0;

  constructor(link: EngineLink) {
    this.#link = link;
  }

  /** Puts a network there as if it had always been. */
  put(spec: NetworkSpec): void {
    const { name, labels, subnet } = spec;
    this.all.push({ id: `net-${++this.#lastId}`, name, labels, subnets: [subnet], spec });
  }

  list(): Promise<FoundNetwork[]> {
    return this.#link.look(() => this.all.map(({ spec: _spec, ...facts }) => facts));
  }

  create(spec: NetworkSpec): Promise<void> {
    return this.#link.change(`create network ${spec.name}`, () => {
      if (this.all.some(({ name }) => name === spec.name)) {
        throw engineRefuses(409, `network with name ${spec.name} already exists`);
      }
      const isBridgeTaken = this.all.some((other) => other.spec.bridge === spec.bridge);
      if (spec.bridge.length > MAX_DEVICE_NAME || isBridgeTaken) {
        throw engineRefuses(400, `cannot make a bridge called ${spec.bridge}`);
      }
      if (this.all.some(({ subnets }) => subnets.some((subnet) => overlaps(subnet, spec.subnet)))) {
        throw engineRefuses(403, 'Pool overlaps with other one on this address space');
      }
      this.put(spec);
    });
  }

  remove(id: string): Promise<void> {
    const name = this.all.find((network) => network.id === id)?.name ?? id;
    return this.#link.change(`remove network ${name}`, () => {
      if (this.inUse().has(name)) throw engineRefuses(403, `network ${name} has active endpoints`);
      this.all = this.all.filter((network) => network.id !== id);
    });
  }
}
