import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf, docker, type Installation, install, sweep } from './aiplat.ts';

const TENANT = 'tenant-1010';

let here: Installation;
let newer: Installation;

beforeAll(async () => {
  here = await install();
  await here.aiplat(
    'setup',
    '--tenant',
    TENANT,
    '--services',
    'caddy,prometheus,valkey',
    '--vector-db',
    'chroma',
  );
});

afterAll(async () => {
  await newer?.remove();
  await sweep(here, [TENANT]);
});

const names = async (): Promise<string[]> =>
  (await containersOf(TENANT)).map(({ Names }) => Names[0] ?? '').sort();

const WHOLE = ['/caddy-tenant-1010', '/tenant-1010-chroma', '/tenant-1010-prometheus', '/tenant-1010-valkey'];

describe('a deploy that is killed', () => {
  it.each([150, 400, 800, 1500])('after %i ms is finished by the same command', async (delayMs) => {
    await here.aiplat('teardown', '--tenant', TENANT);
    const first = here.spawn('deploy', '--tenant', TENANT);
    await sleep(delayMs);
    first.kill('SIGKILL');
    await first.ended;
    const again = await here.aiplat('deploy', '--tenant', TENANT, '--wait-lock', '10');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(await names()).toEqual(WHOLE);
    const third = await here.aiplat('deploy', '--tenant', TENANT);
    expect(third.stdout).toContain('Nothing to do');
  });
});

/** A release of aiplat whose image of Chroma ends at once. */
async function brokenRelease(): Promise<Installation> {
  const release = await install(here);
  const dockerfile = join(dirname(release.start), '../templates/images/chroma/Dockerfile');
  const text = await readFile(dockerfile, 'utf8');
  const broken = `${text}\nENTRYPOINT ["/bin/sh", "-c"]\nCMD ["echo broken on purpose; exit 3"]\n`;
  await writeFile(dockerfile, broken);
  const built = await release.aiplat('host', 'images', 'build', 'chroma');
  expect(built.exitCode, built.stderr).toBe(0);
  return release;
}

describe('a new version that does not come up', () => {
  it('gives way to the old one, which serves again', async () => {
    const before = await docker.getContainer('tenant-1010-chroma').inspect();
    newer = await brokenRelease();
    const { exitCode, stderr } = await newer.aiplat('deploy', '--tenant', TENANT, '--timeout', '60');
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toContain('replace container tenant-1010-chroma');
    expect(stderr).toContain('The container before it is back in its place.');
    expect(stderr).toContain('| broken on purpose');
    const after = await docker.getContainer('tenant-1010-chroma').inspect();
    expect(after.Id).toBe(before.Id);
    expect(after.State.Running).toBe(true);
    expect(await names()).toEqual([...WHOLE, '/tenant-1010-chroma.failed'].sort());
  });

  it('is cleaned up by a deploy of the version that works', async () => {
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT);
    expect(exitCode, stderr).toBe(0);
    expect(await names()).toEqual(WHOLE);
    expect((await here.aiplat('deploy', '--tenant', TENANT)).stdout).toContain('Nothing to do');
  });
});
