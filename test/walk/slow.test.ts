import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, deployOf, editEnv, SERVICES, setupOf, succeed } from '../fake/machines.ts';
import { goOn } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

/** Longer than everything that the engine does to the others. */
const SLOW_MS = 20_000;

const nameOf = (host: FakeHost, id: string): string =>
  host.docker.containers.all.find((container) => container.id === id)?.name ?? '';

/** The program of this container takes its time to end when it is told to. */
function slowToStop(host: FakeHost, name: string): FakeHost {
  const stop = host.docker.stopContainer;
  host.docker.stopContainer = async (id) => {
    const isRunning = host.docker.containers.named(name)?.state === 'running';
    if (nameOf(host, id) === name && isRunning) await host.clock.elapse(SLOW_MS);
    return stop(id);
  };
  return host;
}

const portOf = (host: FakeHost, name: string): number | undefined =>
  host.docker.containers.named(name)?.spec.ports[0]?.port;

const SWAP = { N8N_PORT: '5000', PROMETHEUS_PORT: '5002' };
const PAIR = ['tenant-1001-n8n', 'tenant-1001-prometheus'] as const;

describe('a container that is slow to stop', () => {
  it.each(PAIR)('(%s) keeps two services from swapping their ports no longer than that', async (name) => {
    const host = slowToStop(await deployedMachine(), name);
    editEnv(host, SWAP);
    await succeed(host, deployOf());
    expect(PAIR.map((one) => portOf(host, one))).toEqual([5000, 5002]);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it.each(PAIR)(
    '(%s) and a deploy that is killed at any change while they swap are got over',
    async (name) => {
      const wanted = slowToStop(await deployedMachine(), name);
      editEnv(wanted, SWAP);
      await succeed(wanted, deployOf());
      for (let n = 1, survived = false; !survived; n++) {
        const host = slowToStop(await deployedMachine(), name);
        editEnv(host, SWAP);
        host.startProcess();
        host.killAt(n, 'after');
        survived = (await goOn(host, deployOf())).exit !== 'killed';
        await succeed(host, deployOf());
        expect(snapshot(host), `change ${n}`).toEqual(snapshot(wanted));
      }
    },
  );

  it('and is switched off gives its port away when it has stopped, and not before', async () => {
    const host = slowToStop(await deployedMachine(), 'tenant-1001-prometheus');
    editEnv(host, { ...SWAP, SERVICES: SERVICES.filter((name) => name !== 'prometheus').join(',') });
    await succeed(host, deployOf());
    expect(portOf(host, 'tenant-1001-n8n')).toBe(5000);
  });

  it('holds up nobody who does not need it', async () => {
    const host = slowToStop(await deployedMachine(), 'tenant-1001-prometheus');
    await succeed(host, setupOf({ services: ['caddy', 'n8n', 'valkey', 'flowise'] }));
    const begin = host.clock.now().getTime();
    await succeed(host, deployOf());
    const flowise = host.docker.containers.named('tenant-1001-flowise')?.startedAt ?? Number.NaN;
    expect(flowise - begin).toBeLessThan(SLOW_MS);
    expect(host.docker.containers.named('tenant-1001-prometheus')).toBeUndefined();
  });
});
