import fc from 'fast-check';
import { expect, it } from 'vitest';
import { engineRefuses } from '../fake/engine-link.ts';
import { WELL } from '../fake/fake-container.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
import {
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setupOf,
  succeed,
  teardownOf,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot, withoutIds } from '../fake/snapshot.ts';

const ALL = ['caddy', 'prometheus', 'n8n', 'valkey'] as const;
const BROKEN = { kind: 'exits', exitCode: 1, log: 'broken' } as const;

interface Edit {
  readonly key: string;
  readonly value: string;
}

/** Something that befalls the machine. */
type Event =
  | { readonly do: 'setup'; readonly services: readonly string[]; readonly domain: string }
  | { readonly do: 'deploy' | 'teardown' }
  | { readonly do: 'killed deploy' | 'killed teardown'; readonly n: number; readonly moment: Moment }
  | { readonly do: 'killed change'; readonly edit: Edit; readonly n: number; readonly moment: Moment }
  | {
      readonly do: 'killed bad deploy';
      readonly service: string;
      readonly n: number;
      readonly moment: Moment;
    }
  | { readonly do: 'refused deploy'; readonly n: number }
  | { readonly do: 'bad deploy' | 'stop' | 'remove' | 'lose files'; readonly service: string }
  | { readonly do: 'deploy that Caddy refuses' }
  | { readonly do: 'edit'; readonly edit: Edit };

/** A first deploy takes some forty changes, a replacement eight. */
const n = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }));
const domain = fc.constantFrom('tenant-1001.datasquiz.net', 'ai.example.org');
const service = fc.constantFrom(...ALL);
const services = fc.subarray([...ALL], { minLength: 1 });
const moment = fc.constantFrom<Moment>('before', 'after');
const edit = fc.constantFrom(
  { key: 'N8N_PORT', value: '5051' },
  { key: 'N8N_PORT', value: '5002' },
  { key: 'CADDY_HTTPS_PORT', value: '5053' },
  { key: 'CADDY_HTTPS_PORT', value: '5043' },
  { key: 'VALKEY_PASSWORD', value: 'another-password' },
  { key: 'N8N_ENCRYPTION_KEY', value: 'another-password' },
);

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ do: fc.constant('setup' as const), services, domain }),
  fc.record({ do: fc.constantFrom('deploy' as const, 'teardown' as const) }),
  fc.record({ do: fc.constantFrom('killed deploy' as const, 'killed teardown' as const), n, moment }),
  fc.record({ do: fc.constant('killed deploy' as const), n, moment }),
  fc.record({ do: fc.constant('killed bad deploy' as const), service, n, moment }),
  fc.constant({ do: 'deploy that Caddy refuses' as const }),
  fc.record({ do: fc.constant('refused deploy' as const), n }),
  fc.record({ do: fc.constantFrom('bad deploy', 'stop', 'remove', 'lose files' as const), service }),
  fc.record({ do: fc.constant('edit' as const), edit }),
  fc.record({ do: fc.constant('killed change' as const), edit, n, moment }),
) as fc.Arbitrary<Event>;

const STATE = '/var/lib/aiplat/tenants/tenant-1001';

async function befall(host: FakeHost, one: Event): Promise<void> {
  const { containers } = host.docker;
  const ofService = (name: string) => containers.all.find(({ spec }) => spec.hostname === name);
  switch (one.do) {
    case 'setup':
      await succeed(host, setupOf({ services: one.services, domain: one.domain }));
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
    case 'killed change':
      editEnv(host, { [one.edit.key]: one.edit.value });
      return befall(host, { ...one, do: 'killed deploy' });
    case 'refused deploy':
      host.startProcess();
      host.failAt(one.n, engineRefuses(500, 'no space left on device'));
      await goOn(host, deployOf());
      return;
    case 'bad deploy':
      containers.behaviours.set(one.service, BROKEN);
      await runCommand(host, deployOf());
      return mend(host);
    case 'killed bad deploy':
      containers.behaviours.set(one.service, BROKEN);
      host.startProcess();
      host.killAt(one.n, one.moment);
      await goOn(host, deployOf());
      return mend(host);
    case 'deploy that Caddy refuses':
      containers.badConfig.add('ai.example.org');
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
      return editEnv(host, { [one.edit.key]: one.edit.value });
  }
}

/** The world is well again: programs that ended over and over come up by the engine's restart policy. */
function mend(host: FakeHost): void {
  host.docker.containers.behaviours.clear();
  host.docker.containers.badConfig.clear();
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
    const node = withoutIds(path, host.files.tree.get(path));
    return node?.kind === 'file' ? [[path, node]] : [];
  });
  return { containers, networks, locks, rendered };
}

it('whatever befell a tenant, setup and deploy bring the stack that its .env says, and then rest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), services, async (events, wanted) => {
      const host = await deployedMachine();
      for (const one of events) await befall(host, one);
      await succeed(host, setupOf({ services: wanted }));
      await succeed(host, deployOf());
      const fresh = freshMachine();
      await succeed(fresh, setupOf());
      fresh.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH) });
      await succeed(fresh, setupOf());
      await succeed(fresh, deployOf());
      expect(essence(host)).toEqual(essence(fresh));
      expect((await succeed(host, deployOf())).changes).toEqual([]);
    }),
    { numRuns: 100, seed: 1001, endOnFailure: false },
  );
});
