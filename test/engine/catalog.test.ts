import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesDuring, containersOf, docker, type Installation, install, sweep } from './aiplat.ts';
import { ask, authorityOf } from './http.ts';

const TENANT = 'tenant-1020';
const SERVICES = 'caddy,prometheus,n8n,openclaw,flowise,llamacpp,chroma,postgres,valkey';

let here: Installation;

beforeAll(async () => {
  here = await install();
  await here.aiplat('setup', '--tenant', TENANT, '--services', SERVICES, '--vector-db', 'pgvector');
});

afterAll(async () => {
  await sweep(here, [TENANT]);
});

/** Runs a command in a container, as its own user. */
async function inside(container: string, command: string[], env: string[] = []): Promise<string> {
  const execution = await docker
    .getContainer(container)
    .exec({ Cmd: command, Env: env, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await execution.start({ Tty: true, hijack: true, stdin: false });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('every embedded service', () => {
  it('comes up healthy beside all the others, under its UID and on a read-only root', async () => {
    const { exitCode, stderr } = await here.aiplat('deploy', '--tenant', TENANT, '--timeout', '400');
    expect(exitCode, stderr).toBe(0);
    const found = await containersOf(TENANT);
    expect(found).toHaveLength(9);
    for (const { Id, Labels, Status } of found) {
      expect(Status, Labels['aiplat.service']).toContain('(healthy)');
      const { Config, HostConfig, State } = await docker.getContainer(Id).inspect();
      const uid = Labels['aiplat.service'] === 'openclaw' ? 1_900_001_020 : 1020;
      expect(Config.User).toBe(`${uid}:${uid}`);
      expect(HostConfig.ReadonlyRootfs).toBe(true);
      const { stdout } = await execa('cat', [`/proc/${State.Pid}/status`]);
      expect(stdout).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}`, 'm'));
      expect(stdout).toMatch(/^CapEff:\s+0000000000000000$/m);
      expect(stdout).toMatch(/^CapBnd:\s+0000000000000000$/m);
      expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
      expect(stdout).toMatch(/^Seccomp:\s+2$/m);
    }
  });

  it('does not change with a second deploy', async () => {
    let stdout = '';
    const changes = await changesDuring(async () => {
      ({ stdout } = await here.aiplat('deploy', '--tenant', TENANT));
    });
    expect(changes).toEqual([]);
    expect(stdout).toContain('Nothing to do');
  });

  it('answers through Caddy where it has a page', async () => {
    const ca = await authorityOf(here, TENANT);
    const pages = { n8n: '/healthz', flowise: '/api/v1/ping', openclaw: '/healthz', prometheus: '/-/ready' };
    for (const [service, path] of Object.entries(pages)) {
      const { status } = await ask('127.0.0.1', `https://${service}.${TENANT}.datasquiz.net:6943${path}`, ca);
      expect(status, service).toBe(200);
    }
  });

  it('has its secrets in files, and none in a setting of its container', async () => {
    const env = await here.env(TENANT);
    const [, section = ''] = env.split('# === Secrets ===');
    const secrets = [...section.matchAll(/^\w+=(\S{8,})$/gm)].map(([, value = '']) => value);
    expect(secrets.length).toBeGreaterThan(8);
    for (const { Id } of await containersOf(TENANT)) {
      const settings = JSON.stringify(await docker.getContainer(Id).inspect());
      for (const value of secrets) expect(settings).not.toContain(value);
    }
  });

  it('uses those files: what n8n, OpenClaw and Flowise work with is what the .env has', async () => {
    const env = await here.env(TENANT);
    const secretOf = (key: string): string => new RegExp(`^${key}=(.+)$`, 'm').exec(env)?.[1] ?? 'none';
    expect(await inside(`${TENANT}-n8n`, ['cat', '/data/.n8n/config'])).toContain(
      secretOf('N8N_ENCRYPTION_KEY'),
    );
    const { State } = await docker.getContainer(`openclaw-${TENANT}`).inspect();
    const { stdout } = await execa('sh', [
      '-c',
      `cat /proc/$(cut -d' ' -f1 /proc/${State.Pid}/task/${State.Pid}/children)/environ`,
    ]);
    expect(stdout.split('\0')).toContain(`OPENCLAW_GATEWAY_TOKEN=${secretOf('OPENCLAW_GATEWAY_TOKEN')}`);
    // It makes the files that it does not find.
    const made = await inside(`${TENANT}-flowise`, ['find', '/data/.flowise', '-name', '*.key']);
    expect(made).toBe('');
  });
});

describe('the databases', () => {
  it('PostgreSQL asks for its password and has vectors', async () => {
    const password = /^POSTGRES_PASSWORD=(.+)$/m.exec(await here.env(TENANT))?.[1] ?? '';
    const psql = ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'tenant_1020', '-Atc'];
    const sql = "CREATE EXTENSION IF NOT EXISTS vector; SELECT '[1,2]'::vector <-> '[1,3]'::vector";
    expect(await inside(`${TENANT}-postgres`, [...psql, sql], [`PGPASSWORD=${password}`])).toMatch(/^1\r?$/m);
    expect(await inside(`${TENANT}-postgres`, [...psql, 'SELECT 1'], ['PGPASSWORD=wrong'])).toContain(
      'password authentication failed',
    );
  });

  it('Valkey refuses who has no password', async () => {
    expect(await inside(`${TENANT}-valkey`, ['valkey-cli', '-h', '127.0.0.1', 'ping'])).toContain('NOAUTH');
  });
});
