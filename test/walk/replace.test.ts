import { describe, expect, it } from 'vitest';
import { engineRefuses } from '../fake/engine-link.ts';
import type { Behaviour } from '../fake/fake-container.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  buildOf,
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  embeddedMachine,
  extendTemplate,
  setUpMachine,
  setupOf,
  succeed,
} from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const CHROMA = 'tenant-1001-chroma';
const CADDY = 'caddy-tenant-1001';
/** The Caddyfile in force: that of the one folder that the tenant's Caddy has. */
const liveText = (host: FakeHost): string | undefined => {
  const [path, ...others] = host.files
    .below('/var/lib/aiplat/tenants/tenant-1001/rendered/caddy')
    .filter((name) => name.endsWith('/caddy/Caddyfile'));
  expect(others).toEqual([]);
  return host.files.text(path ?? '');
};

const ILL: readonly [string, Behaviour][] = [
  ['ends at once', { kind: 'exits', exitCode: 3, log: 'broken on purpose' }],
  ['never answers', { kind: 'never healthy', log: 'broken on purpose' }],
];

/** A new release, whose images of these services are as they are told to be. */
async function release(
  host: FakeHost,
  service: string,
  behaviour: Behaviour | undefined,
  line: string,
): Promise<void> {
  const before = new Set(host.docker.images.local.keys());
  extendTemplate(host, `images/${service}/Dockerfile`, line);
  await succeed(host, buildOf());
  const made = [...host.docker.images.local.keys()].filter((reference) => !before.has(reference));
  for (const reference of made) if (behaviour) host.docker.containers.behaviours.set(reference, behaviour);
}

const names = (host: FakeHost): string[] => host.docker.containers.all.map(({ name }) => name).sort();

describe.each(ILL)('a new version that %s', (_title, behaviour) => {
  it('gives way to the old one, says why, and is kept: exit 4', async () => {
    const host = await embeddedMachine();
    const old = host.docker.containers.named(CHROMA);
    await release(host, 'chroma', behaviour, 'RUN false');
    const { exit, err } = await runCommand(host, deployOf());
    expect(exit).toBe(4);
    expect(err).toContain('The container before it is back in its place.');
    expect(err).toContain('broken on purpose');
    expect(host.docker.containers.named(CHROMA)).toBe(old);
    expect(old?.state).toBe('running');
    expect(host.docker.containers.named(`${CHROMA}.failed`)?.state).toBe('exited');
  });

  it('fails again as long as it is wanted, and piles nothing up', async () => {
    const host = await embeddedMachine();
    await release(host, 'chroma', behaviour, 'RUN false');
    await runCommand(host, deployOf());
    const after = names(host);
    expect((await runCommand(host, deployOf())).exit).toBe(4);
    expect(names(host)).toEqual(after);
  });

  it('is cleaned up by the version after it', async () => {
    const host = await embeddedMachine();
    const before = names(host);
    await release(host, 'chroma', behaviour, 'RUN false');
    await runCommand(host, deployOf());
    await release(host, 'chroma', undefined, 'RUN true');
    await succeed(host, deployOf());
    expect(names(host)).toEqual(before);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });

  it('on a first deploy is left as it is, and replaced when it is mended', async () => {
    const host = await setUpMachine({ images: 'embedded' });
    await succeed(host, buildOf());
    host.docker.containers.behaviours.set('chroma', behaviour);
    expect((await runCommand(host, deployOf())).exit).toBe(4);
    host.docker.containers.behaviours.clear();
    await release(host, 'chroma', undefined, 'RUN true');
    await succeed(host, deployOf());
    expect(names(host)).not.toContain(`${CHROMA}.failed`);
    expect((await succeed(host, deployOf())).changes).toEqual([]);
  });
});

describe('a service that fails', () => {
  it('keeps no other one from being deployed', async () => {
    const host = await setUpMachine();
    host.docker.containers.behaviours.set('valkey', { kind: 'exits', exitCode: 1, log: 'no' });
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([4, expect.stringContaining('tenant-1001-valkey does not become healthy')]);
    for (const name of [CADDY, CHROMA, 'tenant-1001-n8n']) {
      expect(host.docker.containers.healthOf(name)).toBe('healthy');
    }
  });

  it('after its deploy is reported by the next one: exit 4', async () => {
    const host = await deployedMachine();
    const valkey = host.docker.containers.named('tenant-1001-valkey');
    if (valkey) valkey.behaviour = { kind: 'exits', exitCode: 1, log: 'no' };
    const { exit, changes, err } = await runCommand(host, deployOf());
    expect([exit, changes]).toEqual([4, []]);
    expect(err).toContain('aiplat ops logs valkey');
  });
});

describe('a new domain', () => {
  const loaded = (host: FakeHost): string | undefined =>
    host.docker.containers.named(CADDY)?.loaded.get('/etc/caddy/Caddyfile');

  const moved = async (): Promise<FakeHost> => {
    const host = await deployedMachine();
    await succeed(host, setupOf({ domain: 'ai.example.org' }));
    return host;
  };

  it('is taken over by the running Caddy, which stays the same container', async () => {
    const host = await moved();
    const caddy = host.docker.containers.named(CADDY);
    await succeed(host, deployOf());
    expect(host.docker.containers.named(CADDY)).toBe(caddy);
    expect(loaded(host)).toContain('https://n8n.ai.example.org');
    expect(liveText(host)).toBe(loaded(host));
  });

  it('that Caddy refuses leaves the old file and the old routes, and says so: exit 1', async () => {
    const host = await moved();
    const before = liveText(host);
    host.docker.containers.badConfig.add('ai.example.org');
    const { exit, err } = await runCommand(host, deployOf());
    expect([exit, err]).toEqual([1, expect.stringContaining('It goes on with the old one')]);
    expect([liveText(host), loaded(host)]).toEqual([before, before]);
    host.docker.containers.badConfig.clear();
    await succeed(host, deployOf());
    expect(loaded(host)).toContain('https://n8n.ai.example.org');
  });

  it('whose deploy was killed at any change, and which is then taken back, is out of force everywhere', async () => {
    const wanted = await deployedMachine();
    const env = wanted.files.text(ENV_PATH) ?? '';
    for (let n = 1, survived = false; !survived; n++) {
      const host = await moved();
      host.startProcess();
      host.killAt(n, 'after');
      survived = (await goOn(host, deployOf())).exit !== 'killed';
      host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), text: env });
      await succeed(host, deployOf());
      expect(loaded(host), `killed after change ${n}`).toBe(loaded(wanted));
      expect(liveText(host), `killed after change ${n}`).toBe(loaded(wanted));
      expect((await succeed(host, deployOf())).changes).toEqual([]);
    }
  });
});

describe('a Caddyfile that Caddy does not accept', () => {
  it('on a first deploy can be mended by the next one', async () => {
    const host = await setUpMachine();
    host.docker.containers.badConfig.add('ai.example.org');
    await succeed(host, setupOf({ domain: 'ai.example.org' }));
    expect((await runCommand(host, deployOf())).exit).toBe(4);
    await succeed(host, setupOf({ domain: 'ai.example.net' }));
    await succeed(host, deployOf());
    expect(host.docker.containers.healthOf(CADDY)).toBe('healthy');
  });

  it('does not take the old Caddy with it when the new one fails', async () => {
    const host = await deployedMachine();
    const old = host.docker.containers.named(CADDY);
    host.docker.containers.badConfig.add('https_port 5044');
    editEnv(host, { CADDY_HTTPS_PORT: '5044' });
    expect((await runCommand(host, deployOf())).exit).toBe(4);
    await host.clock.elapse(10_000);
    expect(host.docker.containers.named(CADDY)).toBe(old);
    expect(host.docker.containers.healthOf(CADDY)).toBe('healthy');
    expect(old?.loaded.get('/etc/caddy/Caddyfile')).toContain('https_port 5043');
  });
});

describe('an engine that refuses any one change', () => {
  it('stops the deploy part-way: exit 1, and the next one finishes it', async () => {
    const wanted = snapshot(await deployedMachine());
    const { changes } = await succeed(await setUpMachine(), deployOf());
    for (const [at, change] of changes.entries()) {
      const host = await setUpMachine();
      host.startProcess();
      host.failAt(at + 1, engineRefuses(500, 'no space left on device'));
      expect([change, (await goOn(host, deployOf())).exit]).toEqual([change, 1]);
      await succeed(host, deployOf());
      expect(snapshot(host), change).toEqual(wanted);
    }
  });
});
