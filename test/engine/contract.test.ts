import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog, unitOf, withDependencies } from '../../src/catalog/catalog.ts';
import { allFacts } from '../contract/all-facts.ts';
import { buildBase, buildStandIn, lendImage, removeImages } from '../contract/images.ts';
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
});

afterAll(async () => {
  await sweep(here, [TENANT]);
  await removeImages(docker, references);
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
  const made: string[] = [];
  for (const { name, sources } of services) {
    const reference = sources.official?.image ?? '';
    const known = facts.find(({ service }) => service === name);
    if (known !== undefined) await buildStandIn(docker, known, reference);
    else await lendImage(docker, built.get(sources.embedded?.image ?? '') ?? '', reference);
    made.push(reference);
  }
  return made;
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
});
