import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog, unitOf, withDependencies } from '../../src/catalog/catalog.ts';
import { allFacts } from '../contract/all-facts.ts';
import { BASE, buildBase, buildStandIn, lendImage, removeImages } from '../contract/images.ts';
import { AUTH_KEY_VALUE } from '../unit/sample.ts';
import { containersOf, docker, type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';

/**
 * Every entry of the catalogue that has a facts file, deployed as it is: the images are stand-ins under the
 * official references, all else is real. Services that this host can build are lent under those references, too.
 */
const TENANT = 'tenant-1040';
const facts = (await allFacts()).filter(({ service }) => catalog.has(service));
const VECTOR_DB = 'pgvector';
const names = ['caddy', 'postgres', ...facts.map(({ service }) => service)];
const services = withDependencies(catalog, names, catalog.get('postgres'));
/** Names that a `.env` may have. */
const units = [...new Set(services.map(unitOf))];
const others = services.flatMap(({ vectorDb }) =>
  vectorDb === undefined || vectorDb === VECTOR_DB ? [] : [vectorDb],
);

let here: Installation;
let references: string[] = [];

beforeAll(async () => {
  here = await install(undefined, {
    images: 'official',
    quota: { cpuWeight: 100, ioWeight: 100, memoryMb: 16_384, pids: 16_384 },
  });
  references = await buildImages();
  const { exitCode, stderr } = await here.aiplat(
    'setup',
    '--tenant',
    TENANT,
    '--services',
    units.join(','),
    '--vector-db',
    VECTOR_DB,
  );
  expect(exitCode, stderr).toBe(0);
  await here.editEnv(TENANT, (text) =>
    text.replace(/^TAILSCALE_AUTH_KEY=$/m, `TAILSCALE_AUTH_KEY=${AUTH_KEY_VALUE}`),
  );
});

afterAll(async () => {
  await sweep(here, [TENANT]);
  await removeImages(docker, [...references, BASE]);
});

async function buildImages(): Promise<string[]> {
  const embedded = await install();
  const { stdout } = await embedded.aiplat('host', 'images', 'list', '--json');
  await embedded.remove();
  const built = new Map(
    (JSON.parse(stdout) as { images: { name: string; reference: string }[] }).images.map(
      ({ name, reference }) => [name, reference],
    ),
  );
  await buildBase(docker, built.get('node') ?? '');
  const references = new Set(services.map(({ sources }) => sources.official?.image ?? ''));
  for (const reference of references) {
    const users = services.filter(({ sources }) => sources.official?.image === reference);
    const known = facts.filter(({ service }) => users.some(({ name }) => name === service));
    if (known.length > 0) await buildStandIn(docker, known, reference);
    else await lendImage(docker, built.get(users[0]?.sources.embedded?.image ?? '') ?? '', reference);
  }
  // What was derived from a stand-in of an earlier run would be taken for the image.
  const derived = services.flatMap(({ sources }) => built.get(sources.official?.derived ?? '') ?? []);
  await removeImages(docker, derived);
  const { exitCode, stderr } = await here.aiplat('host', 'images', 'build');
  expect(exitCode, stderr).toBe(0);
  return [...references, ...derived];
}

async function logOf(container: string): Promise<string> {
  const { stdout, stderr } = await execa('docker', ['logs', container], { reject: false });
  return `${stdout}\n${stderr}`;
}

describe('entries whose images no registry brings here', () => {
  it('come up healthy with stand-ins that know what upstream says', async () => {
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--timeout', '300');
    const found = await containersOf(TENANT);
    const logs = await Promise.all(
      found.filter(({ Status }) => !Status.includes('(healthy)')).map(({ Id }) => logOf(Id)),
    );
    expect(exitCode, `${stderr}\n${logs.join('\n')}`).toBe(0);
    expect(found.map(({ Labels }) => Labels['aiplat.service']).sort()).toEqual(
      services.map(({ name }) => name).sort(),
    );
  });

  it.each(others)('know the way to their vector database when it is %s', async (vectorDb) => {
    const setup = await here.aiplat(
      'setup',
      '--tenant',
      TENANT,
      '--vector-db',
      vectorDb,
      '--confirm',
      TENANT,
    );
    expect(setup.exitCode, setup.stderr).toBe(0);
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--timeout', '200');
    expect(exitCode, stderr).toBe(0);
  });

  it('have no more capabilities than their entries give, and no new privileges', async () => {
    for (const { Id, Labels } of await containersOf(TENANT)) {
      const { HostConfig } = await docker.getContainer(Id).inspect();
      const entry = catalog.get(Labels['aiplat.service'] ?? '');
      expect(HostConfig.CapDrop).toEqual(['ALL']);
      expect(HostConfig.CapAdd ?? []).toEqual(entry?.sources.official?.capabilities);
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
    }
  });

  it('have no secret in a setting of a container', async () => {
    const [, section = ''] = (await here.env(TENANT)).split('# === Secrets ===');
    const secrets = [...section.matchAll(/^\w+=(\S{8,})$/gm)].map(([, value = '']) => value);
    expect(secrets.length).toBeGreaterThan(1);
    for (const { Id, Names } of await containersOf(TENANT)) {
      const settings = JSON.stringify(await docker.getContainer(Id).inspect());
      for (const value of secrets) expect(settings, Names[0]).not.toContain(value);
    }
  });

  it.each(services.flatMap(({ name, route }) => (route === undefined ? [] : [{ name, route }])))(
    'answer through Caddy: $name',
    async ({ name, route: { port, subdomain } }) => {
      const known = facts.find(({ service }) => service === name);
      const answers = known?.listens.find((one) => one.port === port)?.answers ?? { '/': { status: 200 } };
      const [path = '/'] = Object.keys(answers);
      const ca = await authorityOf(here, TENANT);
      const { status } = await ask(
        '127.0.0.1',
        `https://${subdomain}.${TENANT}.datasquiz.net:8943${path}`,
        ca,
      );
      expect(status).toBeLessThan(400);
    },
  );

  it('are led to the right part of Dify by the path', async () => {
    const ca = await authorityOf(here, TENANT);
    const page = `https://dify.${TENANT}.datasquiz.net:8943`;
    for (const [path, part] of [
      ['/console/api/ping', 'dify-api'],
      ['/e/hook', 'dify-plugin-daemon'],
      ['/signin', 'dify'],
    ] as const) {
      const { status, body } = await ask('127.0.0.1', `${page}${path}`, ca);
      expect([status, body]).toEqual([200, `stand-in for ${part}\n`]);
    }
  });

  it('show Dify as one, start it as one, and log it as one or by its parts', async () => {
    const { stdout } = await here.aiplat('ops', 'status', '--tenant', TENANT);
    expect(stdout).toMatch(/^dify +running +healthy .* 6 parts$/m);
    expect(stdout).toMatch(/^ {2}dify-worker +running +healthy /m);
    await docker.getContainer(`${TENANT}-dify-worker`).stop({ t: 1 });
    const only = await here.aiplat('deploy', '--tenant', TENANT, '--only', 'dify');
    expect(only.exitCode, only.stderr).toBe(0);
    expect((await docker.getContainer(`${TENANT}-dify-worker`).inspect()).State.Running).toBe(true);
    const all = await here.aiplat('ops', 'logs', 'dify', '--tenant', TENANT);
    expect(all.stdout).toContain('dify-worker | stand-in for dify-worker: is up');
    expect(all.stdout).toContain('dify-api | stand-in for dify-api: is up');
    const one = await here.aiplat('ops', 'logs', 'dify-worker', '--tenant', TENANT);
    expect(one.stdout).toContain('stand-in for dify-worker: is up');
    expect(one.stdout).not.toContain('|');
  });
});

interface Made {
  readonly Config: Record<string, unknown> & { Env: string[]; Healthcheck: { Test: string[] } };
  readonly HostConfig: Record<string, unknown> & { Mounts?: { Target: string; ReadOnly?: boolean }[] };
}

/** The same container as a service has, but for one mistake; it goes away with the test. */
async function mistaken(service: string, err: (made: Made) => void, work: (id: string) => Promise<void>) {
  const { Config, HostConfig, NetworkSettings } = await docker.getContainer(`${TENANT}-${service}`).inspect();
  const made = structuredClone({ Config, HostConfig }) as unknown as Made;
  Object.assign(made.Config, { Labels: {}, ExposedPorts: {} });
  Object.assign(made.HostConfig, { PortBindings: {}, RestartPolicy: { Name: 'no' } });
  err(made);
  const [network = 'none'] = Object.keys(NetworkSettings.Networks);
  const isAlone = made.HostConfig.NetworkMode === 'none';
  const container = await docker.createContainer({
    ...made.Config,
    HostConfig: made.HostConfig,
    ...(isAlone ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: {} } } }),
  } as object);
  try {
    await container.start();
    await work(container.id);
  } finally {
    await container.remove({ force: true });
  }
}

/** Runs the health test of the entry, as the engine does. @returns its exit code. */
async function probe(id: string): Promise<number> {
  const { Config } = await docker.getContainer(id).inspect();
  const [kind, ...words] = (Config as { Healthcheck?: { Test?: string[] } }).Healthcheck?.Test ?? [];
  const command = kind === 'CMD-SHELL' ? ['sh', '-c', ...words] : words;
  return (await execa('docker', ['exec', id, ...command], { reject: false })).exitCode ?? -1;
}

const rename = (made: Made, from: string, to: string): void => {
  made.Config.Env = made.Config.Env.map((line) => line.replace(new RegExp(`^${from}=`), `${to}=`));
};
const mountAt = (made: Made, path: string) => made.HostConfig.Mounts?.find(({ Target }) => Target === path);

const MISTAKES: readonly [string, string, (made: Made) => void, string][] = [
  [
    'a wrong name in the environment',
    'minio',
    (made) => rename(made, 'MINIO_ROOT_PASSWORD_FILE', 'MINIO_PASSWORD_FILE'),
    'MINIO_ROOT_PASSWORD is not set',
  ],
  [
    'a value of another form',
    'signal',
    (made) => made.Config.Env.push('MODE=json-rpc'),
    'MODE does not fit normal|native',
  ],
  [
    'a missing mount',
    'minio',
    (made) => {
      made.HostConfig.Mounts = made.HostConfig.Mounts?.filter(({ Target }) => Target !== '/data') ?? [];
    },
    '/data cannot be written to',
  ],
  [
    'data in memory',
    'minio',
    (made) => {
      made.HostConfig.Mounts = made.HostConfig.Mounts?.filter(({ Target }) => Target !== '/data') ?? [];
      made.HostConfig.Tmpfs = { '/tmp': 'mode=1777', '/data': 'mode=1777' };
    },
    '/data is on no mount that outlives the container',
  ],
  [
    'a mount that is read only',
    'signal',
    (made) => {
      Object.assign(mountAt(made, '/home/.local/share/signal-cli') ?? {}, { ReadOnly: true });
    },
    'cannot be written to by UID 1040',
  ],
  [
    'another user',
    'minio',
    (made) => {
      made.Config.User = '4242:4242';
    },
    '/data cannot be written to by UID 4242',
  ],
  [
    'a root that is writable',
    'minio',
    (made) => {
      made.HostConfig.ReadonlyRootfs = false;
      made.Config.User = '0:0';
      made.HostConfig.CapDrop = [];
    },
    '/usr/bin can be written to',
  ],
  [
    'another command line',
    'minio',
    (made) => {
      made.Config.Cmd = ['server', '/tmp'];
    },
    'the command line has no',
  ],
  [
    'no way to its neighbours',
    'dify-plugin-daemon',
    (made) => {
      made.HostConfig.NetworkMode = 'none';
    },
    'cannot be reached',
  ],
  [
    'a wrong password of a neighbour',
    'dify-worker-beat',
    (made) => {
      made.Config.Entrypoint = [
        'sh',
        '-c',
        'set -a && . /run/secrets/environment && DB_PASSWORD=wrong-password && exec /bin/bash /entrypoint.sh',
      ];
    },
    'password authentication failed',
  ],
];

describe('a stand-in does not come up, and says why', () => {
  it.each(MISTAKES)('with %s (%s)', async (_what, service, err, why) => {
    await mistaken(service, err, async (id) => {
      await expect.poll(() => logOf(id), { timeout: 30_000, interval: 200 }).toContain(why);
      expect(await probe(id)).not.toBe(0);
    });
  });

  it('and the health test of an entry fails on a wrong port and on a wrong path', async () => {
    const id = `${TENANT}-minio`;
    expect(await probe(id)).toBe(0);
    for (const [from, to] of [
      ['9000', '9009'],
      ['/live', '/alive'],
    ] as const) {
      const wrong = (made: Made): void => {
        made.Config.Healthcheck.Test = made.Config.Healthcheck.Test.map((word) => word.replace(from, to));
      };
      await mistaken('minio', wrong, async (other) => {
        await expect.poll(() => logOf(other), { timeout: 30_000 }).toContain('is up');
        expect(await probe(other)).not.toBe(0);
      });
    }
  });
});
