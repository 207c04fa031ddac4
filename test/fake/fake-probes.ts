import type { ContainerWalls } from '../../src/host/docker-walls.ts';
import type { Endpoint, Probes, ProcessStatus, Reached, Standpoint } from '../../src/host/host.ts';
import { LABEL } from '../../src/tenant/names.ts';
import { addressIn, type FakeContainer, pidOf } from './fake-container.ts';
import type { Life } from './life.ts';

const NO_CAPABILITIES = '0000000000000000';

/** Looks at the fake machine as an attacker would. Nobody reaches anybody but at home. */
export class FakeProbes implements Probes {
  containers: () => readonly FakeContainer[] = () => [];
  /** Answers that differ from what walls would give, by `address:port`. */
  readonly holes = new Map<string, Reached>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  status(pid: number): Promise<ProcessStatus | undefined> {
    return this.#life.look(() => {
      const container = this.containers().find((one) => pidOf(one) === pid);
      if (container === undefined) return undefined;
      const [uid, gid] = container.spec.user.split(':');
      const four = (id: string | undefined): string => `${id}\t${id}\t${id}\t${id}`;
      const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((key) => [key, NO_CAPABILITIES]);
      return { Uid: four(uid), Gid: four(gid), NoNewPrivs: '1', Seccomp: '2', ...Object.fromEntries(sets) };
    });
  }

  networkNamespace(pid: number): Promise<string | undefined> {
    return this.#life.look(() => this.containers().find((one) => pidOf(one) === pid)?.namespace);
  }

  connect({ networkOf, uid }: Standpoint, targets: readonly Endpoint[]): Promise<readonly Reached[]> {
    const home = this.containers().find((one) => pidOf(one) === networkOf)?.spec.network;
    const isOpen = ({ address, port }: Endpoint): boolean =>
      home === undefined
        ? this.containers().some(
            ({ spec }) =>
              spec.labels[LABEL.tenant] === `tenant-${uid}` &&
              spec.ports.some((one) => one.address === address && one.port === port),
          )
        : address === addressIn(home);
    return this.#life.look(() =>
      targets.map(
        (target) =>
          this.holes.get(`${target.address}:${target.port}`) ?? (isOpen(target) ? 'open' : 'silent'),
      ),
    );
  }

  ownAddresses(): Promise<readonly string[]> {
    return this.#life.look(() => ['192.0.2.7']);
  }
}

/** What inspect says of a container that was made from its spec. */
export const wallsOf = ({ spec, sharesWith }: FakeContainer): ContainerWalls => ({
  isPrivileged: false,
  readOnlyRoot: spec.readOnlyRoot,
  addedCapabilities: spec.capabilities,
  securityOptions: spec.securityOptions,
  sharedNamespaces: sharesWith === undefined ? [] : [`network: container:${sharesWith}`],
  devices: spec.gpu ? 1 : 0,
  mounts: spec.mounts,
  networks: sharesWith === undefined ? [spec.network] : [],
  published: spec.ports.map(({ address, port }) => ({ address, port })),
  cgroupParent: spec.cgroupParent,
});
