import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';
import { type Door, newBrowser } from './websocket.ts';

const TENANT = 'tenant-1045';
const URL_OF_PAGE = `https://openclaw.${TENANT}.datasquiz.net:9443`;

let here: Installation;
let door: Door;
let token: string;
let buildId: string;

beforeAll(async () => {
  here = await install();
  await here.aiplat('setup', '--tenant', TENANT, '--services', 'caddy,openclaw', '--vector-db', 'chroma');
  const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--timeout', '400');
  expect(exitCode, stderr).toBe(0);
  token = /^OPENCLAW_GATEWAY_TOKEN=(.+)$/m.exec(await here.env(TENANT))?.[1] ?? '';
  door = { url: URL_OF_PAGE, ca: await authorityOf(here, TENANT), origin: URL_OF_PAGE };
});

afterAll(async () => {
  await sweep(here, [TENANT]);
});

const configPath = (): string => join(here.dir, `mnt/data-${TENANT}/data/openclaw/openclaw.json`);

/** What the gateway answers once it has started whatever it starts after its health check succeeds. */
async function signIn(
  at: Door,
  auth: { readonly token?: string; readonly bootstrapToken?: string },
  browser = newBrowser(buildId),
): Promise<string> {
  for (;;) {
    const answer = await browser.signIn(at, auth);
    if (!answer.includes('gateway starting')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe('the page of OpenClaw, without Tailscale', () => {
  it('comes through Caddy', async () => {
    const { status, body } = await ask('127.0.0.1', `${URL_OF_PAGE}/`, door.ca);
    expect(status).toBe(200);
    // The page has more behind it, about its language and looks.
    buildId = /data-openclaw-control-ui-build-id="([^"]+?Z)-/.exec(body)?.[1] ?? '';
    expect(buildId).not.toBe('');
  });

  it('may open its socket, and knows a right token from a wrong one', async () => {
    expect(await signIn(door, { token })).toContain('PAIRING_REQUIRED');
    expect(await signIn(door, { token: 'wrong' })).toContain('AUTH_TOKEN_MISMATCH');
  });

  it('is refused from elsewhere', async () => {
    const elsewhere = { ...door, origin: 'https://openclaw.example.org' };
    expect(await signIn(elsewhere, { token })).toContain('CONTROL_UI_ORIGIN_NOT_ALLOWED');
  });

  it('lets a browser in with the link of its tenant, once', async () => {
    const { exitCode, stdout, stderr } = await here.aiplat(
      ...['ops', 'credentials', '--tenant', TENANT, '--service', 'openclaw'],
    );
    expect(exitCode, stderr).toBe(0);
    const bootstrapToken = /#bootstrapToken=([^&\s]+)/.exec(stdout)?.[1] ?? '';
    expect(stdout).toContain(`${URL_OF_PAGE}/#bootstrapToken=`);
    expect(await signIn(door, { bootstrapToken })).toContain('"hello-ok"');
    expect(await signIn(door, { bootstrapToken })).toContain('AUTH_BOOTSTRAP_TOKEN_INVALID');
  });

  it('has no sandbox of its own: nothing of the engine is in its container', async () => {
    const { HostConfig, Mounts } = await docker.getContainer(`openclaw-${TENANT}`).inspect();
    expect([HostConfig.ReadonlyRootfs, HostConfig.CapAdd ?? []]).toEqual([true, []]);
    expect(Mounts.filter(({ Source }) => Source.endsWith('.sock'))).toEqual([]);
    const config = JSON.parse(await readFile(configPath(), 'utf8')) as { agents: object };
    expect(config.agents).toMatchObject({ defaults: { sandbox: { mode: 'off' } } });
  });
});
