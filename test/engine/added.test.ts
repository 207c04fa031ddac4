import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesDuring, containersOf, docker, type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';

const TENANT = 'tenant-1031';
/** Block 8000–8099. */
const HTTPS = 8043;
const README = join(import.meta.dirname, '../../README.md');
const ALLOWED = ['docker.io/chromadb/*', 'aiplat/*'];

let here: Installation;
/** The lines of the README's example, without its `aiplat`, for this test's tenant. */
let example: string[][];
let image: string;

/** The image that this host has built of the same program, under the name that the README's example has. */
async function lendImage(): Promise<string> {
  const images = await docker.listImages();
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  const { exitCode, stdout } = await here.aiplat('host', 'images', 'list', '--json');
  expect(exitCode).toBe(0);
  const listed = tags.find((tag) => tag.startsWith('aiplat/chroma:') && stdout.includes(tag));
  if (listed === undefined) throw new Error(`no aiplat/chroma among ${tags.join(', ')}`);
  const [repo = '', tag = ''] = (example[0]?.[3] ?? '').replace('docker.io/', '').split(':');
  await docker.getImage(listed).tag({ repo, tag });
  return listed;
}

beforeAll(async () => {
  const section = (await readFile(README, 'utf8')).split('\n## Added services\n')[1] ?? '';
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  example = block
    .trim()
    .split('\n')
    .map((line) => line.replaceAll('tenant-1001', TENANT).split(' ').slice(1));
  here = await install(undefined, { addedImages: ALLOWED });
  image = await lendImage();
  await here.aiplat('setup', '--tenant', TENANT, '--services', 'caddy', '--vector-db', 'chroma');
  const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
  expect(exitCode, stderr).toBe(0);
});

afterAll(async () => {
  await here.aiplat('remove-service', TENANT, 'plain');
  await sweep(here, [TENANT]);
  await docker.getImage(example[0]?.[3]?.replace('docker.io/', '') ?? '').remove();
});

const papers = `${TENANT}-papers`;
/** The exit code of a request out of a container. */
async function asks(container: string, url: string): Promise<number | null> {
  const execution = await docker
    .getContainer(container)
    .exec({ Cmd: ['curl', '-fsS', '-o', '/dev/null', url], AttachStdout: true, Tty: true });
  const stream = await execution.start({ Tty: true, hijack: true, stdin: false });
  for await (const _chunk of stream);
  return (await execution.inspect()).ExitCode;
}

describe("the README's example of an added service", () => {
  it('is three lines: it adds, shows and takes away', () => {
    expect(example.map(([command]) => command)).toEqual(['add-service', 'list-services', 'remove-service']);
  });

  it('brings it up as a service of the tenant, and a second time has nothing to do', async () => {
    const { exitCode, stdout, stderr } = await here.aiplat(...(example[0] ?? []));
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain(`https://papers.${TENANT}.datasquiz.net:${HTTPS}`);
    const again = await here.aiplat(...(example[0] ?? []));
    expect(again.stdout).toContain('Nothing to do');
  });

  it('runs it under the UID of the tenant, with nothing that others have not', async () => {
    const { Config, HostConfig, State } = await docker.getContainer(papers).inspect();
    expect(Config.User).toBe('1031:1031');
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], Privileged: false });
    const { stdout } = await execa('cat', [`/proc/${State.Pid}/status`]);
    expect(stdout).toMatch(/^CapBnd:\s+0000000000000000$/m);
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(Object.keys(HostConfig.PortBindings as object)).toEqual(['8000/tcp']);
    expect(HostConfig.PortBindings).toMatchObject({
      '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '8020' }],
    });
  });

  it('answers behind Caddy, on its own port, and to its neighbours', async () => {
    const ca = await authorityOf(here, TENANT);
    const url = `https://papers.${TENANT}.datasquiz.net:${HTTPS}/api/v2/heartbeat`;
    expect((await ask('127.0.0.1', url, ca)).status).toBe(200);
    const { status } = await fetch('http://127.0.0.1:8020/api/v2/heartbeat');
    expect(status).toBe(200);
    expect(await asks(`${TENANT}-chroma`, 'http://papers:8000/api/v2/heartbeat')).toBe(0);
    expect(await asks(`${TENANT}-chroma`, 'http://papers:8001/')).not.toBe(0);
  });

  it('keeps its data on the volume of the tenant', async () => {
    const names = await readdir(join(here.dir, `mnt/data-${TENANT}/data/papers`));
    expect(names).toContain('chroma.sqlite3');
  });

  it('is in later deploys, in status and in the list', async () => {
    let stdout = '';
    const changes = await changesDuring(async () => {
      ({ stdout } = await here.aiplat('deploy', '--tenant', TENANT));
    });
    expect([changes, stdout]).toEqual([[], expect.stringContaining('Nothing to do')]);
    expect((await here.aiplat('ops', 'status', '--tenant', TENANT)).stdout).toMatch(/^papers +running/m);
    expect((await here.aiplat(...(example[1] ?? []))).stdout).toMatch(/^papers .*127\.0\.0\.1:8020 → 8000/m);
  });

  it('comes back after a teardown, with its data', async () => {
    await here.aiplat('teardown', '--tenant', TENANT);
    expect(await containersOf(TENANT)).toEqual([]);
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
    expect(exitCode, stderr).toBe(0);
    expect((await containersOf(TENANT)).map(({ Labels }) => Labels['aiplat.service'])).toContain('papers');
  });

  it('is taken away without a trace but its data', async () => {
    const { exitCode, stdout, stderr } = await here.aiplat(...(example[2] ?? []));
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('Its data stays in');
    expect((await containersOf(TENANT)).map(({ Labels }) => Labels['aiplat.service'])).not.toContain(
      'papers',
    );
    expect((await here.aiplat('deploy', '--tenant', TENANT)).stdout).toContain('Nothing to do');
  });
});

describe('an added service', () => {
  it('whose program listens nowhere near its port is told so: exit 4', async () => {
    const { exitCode, stderr } = await here.aiplat(
      ...['add-service', TENANT, 'plain', image, '9999', '--mount', '/data', '--no-route', '--timeout', '8'],
    );
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toContain('Nothing listens on port 9999 of plain');
    expect(stderr).toContain('plain stays recorded');
  });

  it('is mended by the same command with other words', async () => {
    const { exitCode, stderr } = await here.aiplat(
      ...['add-service', TENANT, 'plain', image, '8000', '--mount', '/data', '--no-route'],
      ...['--health', '/api/v2/heartbeat'],
    );
    expect(exitCode, stderr).toBe(0);
    const found = (await containersOf(TENANT)).find(({ Labels }) => Labels['aiplat.service'] === 'plain');
    expect(found?.Status).toContain('(healthy)');
  });
});
