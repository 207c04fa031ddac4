import fc from 'fast-check';
import { expect, it } from 'vitest';
import { engineRefuses } from '../fake/engine-link.ts';
import { WELL } from '../fake/fake-container.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
import {
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  succeed,
  teardownOf,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const ALL = ['caddy', 'prometheus', 'n8n', 'valkey'] as const;
const BROKEN = { kind: 'exits', exitCode: 1, log: 'broken' } as const;

/** Something that befalls the machine. */
type Event =
  | { readonly do: 'setup'; readonly services: readonly string[] }
  | { readonly do: 'deploy' | 'teardown' }
  | { readonly do: 'killed deploy' | 'killed teardown'; readonly n: number; readonly moment: Moment }
  | { readonly do: 'refused deploy'; readonly n: number }
  | { readonly do: 'bad deploy' | 'stop' | 'remove' | 'lose files'; readonly service: string }
  | { readonly do: 'edit'; readonly port: number };

const n = fc.integer({ min: 1, max: 40 });
const service = fc.constantFrom(...ALL);
const services = fc.subarray([...ALL], { minLength: 1 });
const moment = fc.constantFrom<Moment>('before', 'after');
const port = fc.constantFrom(5002, 5051, 5052);

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ do: fc.constant('setup' as const), services }),
  fc.record({ do: fc.constantFrom('deploy' as const, 'teardown' as const) }),
  fc.record({ do: fc.constantFrom('killed deploy' as const, 'killed teardown' as const), n, moment }),
  fc.record({ do: fc.constantFrom('killed deploy' as const), n, moment }),
  fc.record({ do: fc.constant('refused deploy' as const), n }),
  fc.record({ do: fc.constantFrom('bad deploy', 'stop', 'remove', 'lose files' as const), service }),
  fc.record({ do: fc.constant('edit' as const), port }),
) as fc.Arbitrary<Event>;

const STATE = '/var/lib/aiplat/tenants/tenant-1001';

async function befall(host: FakeHost, one: Event): Promise<void> {
  const { containers } = host.docker;
  const ofService = (name: string) => containers.all.find(({ spec }) => spec.hostname === name);
  switch (one.do) {
    case 'setup':
      await succeed(host, setupOf({ services: one.services }));
      return;
    case 'deploy':
      await runCommand(host, deployOf());
      return;
    case 'teardown':
      await succeed(host, teardownOf());
      return;
    case 'killed deploy':
    case 'killed teardown':
      host.startProcess();
      host.killAt(one.n, one.moment);
      await goOn(host, one.do === 'killed deploy' ? deployOf() : teardownOf());
      return;
    case 'refused deploy':
      host.startProcess();
      host.failAt(one.n, engineRefuses(500, 'no space left on device'));
      await goOn(host, deployOf());
      return;
    case 'bad deploy':
      containers.behaviours.set(one.service, BROKEN);
      await runCommand(host, deployOf());
      return mend(host);
    case 'stop': {
      const container = ofService(one.service);
      if (container !== undefined) container.state = 'exited';
      return;
    }
    case 'remove':
      containers.all = containers.all.filter((container) => container !== ofService(one.service));
      return;
    case 'lose files':
      for (const path of host.files.below(`${STATE}/rendered/${one.service}`)) host.files.tree.delete(path);
      return;
    case 'edit':
      return editEnv(host, { N8N_PORT: String(one.port) });
  }
}

/** The world is well again: programs that ended over and over come up by the engine's restart policy. */
function mend(host: FakeHost): void {
  host.docker.containers.behaviours.clear();
  for (const container of host.docker.containers.all) container.behaviour = WELL;
}

interface Essence {
  readonly containers: readonly { readonly loaded: Record<string, string> }[];
  readonly networks: unknown;
  readonly locks: unknown;
}

/** What has to be the same however a machine came to be; data, logs and images of the past may stay. */
function essence(host: FakeHost): object {
  const { containers, networks, locks } = snapshot(host) as ReturnType<typeof snapshot> & Essence;
  // Caddy reads pages anew for every request; what it had when it started does not count.
  for (const { loaded } of containers) delete loaded['/etc/caddy/site/index.html'];
  const rendered = host.files.below(STATE).flatMap((path) => {
    const node = host.files.tree.get(path);
    return node?.kind === 'file' ? [[path, node]] : [];
  });
  return { containers, networks, locks, rendered };
}

it('whatever befell a tenant, setup and deploy bring the stack that its .env says, and then rest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), services, async (events, wanted) => {
      const host = await setUpMachine();
      for (const one of events) await befall(host, one);
      await succeed(host, setupOf({ services: wanted }));
      await succeed(host, deployOf());
      const fresh = freshMachine();
      await succeed(fresh, setupOf());
      fresh.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH) });
      await succeed(fresh, deployOf());
      expect(essence(host)).toEqual(essence(fresh));
      expect((await succeed(host, deployOf())).changes).toEqual([]);
    }),
    { numRuns: 60, seed: 1001, endOnFailure: false },
  );
});
