import { describe, expect, it } from 'vitest';
import { defineService } from '../../../src/catalog/define.ts';
import { apply } from '../../../src/stack/apply.ts';
import { planDeploy } from '../../../src/stack/plan.ts';
import type { Stack } from '../../../src/stack/stack.ts';
import { planLines, type Step } from '../../../src/stack/step.ts';
import { watchHealth } from '../../../src/stack/wait.ts';
import { FakeHost } from '../../fake/fake-host.ts';
import { CLIENT } from '../client.ts';
import { bareMachine, deployedMachine, sampleStack } from '../sample.ts';

const client = defineService(CLIENT);
const ROLE = 'tenant_1001_open_client';

const stackWith = (vectorDb: string, edit = (env: string) => env): Stack =>
  sampleStack({ services: ['open-client'], vectorDb, source: 'official', more: client, edit });

const databaseStep = (steps: readonly Step[]) =>
  steps.find(({ id }) => id === 'databases open-client') as Extract<Step, { do: 'align data' }> | undefined;

const planOn = (
  stack: Stack,
  change: (machine: ReturnType<typeof deployedMachine>) => object = () => ({}),
) => {
  const machine = deployedMachine(stack);
  return planDeploy(stack, { ...machine, ...change(machine) }, { only: undefined });
};

const withoutContainer = (name: string) => (machine: ReturnType<typeof deployedMachine>) => ({
  containers: machine.containers.filter((container) => container.name !== name),
});

describe('the databases of a service', () => {
  it('are made after the server is well and its own password is right, before the service starts', () => {
    const stack = stackWith('pgvector');
    const steps = planDeploy(stack, bareMachine(stack), { only: undefined });
    expect(planLines(databaseStep(steps) ? [databaseStep(steps) as Step] : [])).toEqual([
      'align data  tenant-1001-postgres  open-client needs tenant_1001_client, tenant_1001_client_vectors',
    ]);
    expect(databaseStep(steps)?.needs).toEqual(['service postgres', 'align postgres', 'files open-client']);
    expect(steps.find(({ id }) => id === 'service open-client')?.needs).toContain('databases open-client');
  });

  it('are no concern of a second deploy', () => {
    expect(planOn(stackWith('pgvector'))).toEqual([]);
  });

  it('are mended when the password changes, without touching the server', () => {
    const before = stackWith('pgvector');
    const after = stackWith('pgvector', (env) =>
      env.replace(/^OPEN_CLIENT_DB_PASSWORD=.*$/m, 'OPEN_CLIENT_DB_PASSWORD=another-one'),
    );
    const steps = planDeploy(after, deployedMachine(before), { only: undefined });
    const done = steps.map(({ do: deed, target }) => `${deed} ${target.split('/').slice(0, 4).join('/')}`);
    expect(done).toEqual(
      [
        'write files /state/rendered/open-client',
        'replace container tenant-1001-open-client',
        'align data tenant-1001-postgres',
        'remove directory /state/rendered/open-client',
      ].map((line) => line),
    );
    expect(databaseStep(steps)?.input).toContain("PASSWORD 'another-one'");
  });

  it('are looked after again when the server is made anew, for its data may be from a backup', () => {
    const steps = planOn(stackWith('chroma'), withoutContainer('tenant-1001-postgres'));
    expect(databaseStep(steps)?.mark).toMatch(/^[0-9a-f]{12}$/);
    const only = planDeploy(
      stackWith('chroma'),
      {
        ...deployedMachine(stackWith('chroma')),
        ...withoutContainer('tenant-1001-postgres')(deployedMachine(stackWith('chroma'))),
      },
      { only: new Set(['postgres']) },
    );
    expect(databaseStep(only)).toBeDefined();
  });

  it('for vectors are there only while the vectors are in PostgreSQL', () => {
    const input = (vectorDb: string) => {
      const stack = stackWith(vectorDb);
      return databaseStep(planDeploy(stack, bareMachine(stack), { only: undefined }))?.input ?? '';
    };
    expect(input('pgvector')).toContain('\\connect tenant_1001_client_vectors');
    expect(input('pgvector')).toContain('CREATE EXTENSION IF NOT EXISTS "vector"');
    expect(input('chroma')).not.toContain('vector');
  });

  it('belong to a role that is nobody in particular and has the password of the .env', () => {
    const stack = stackWith('chroma');
    const input = databaseStep(planDeploy(stack, bareMachine(stack), { only: undefined }))?.input ?? '';
    expect(input).toMatchInlineSnapshot(`
      "SET log_min_error_statement = panic;
      SELECT pg_advisory_lock(1001) \\g /dev/null
      SELECT 'CREATE ROLE tenant_1001_open_client' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenant_1001_open_client') \\gexec
      ALTER ROLE tenant_1001_open_client LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc';
      SELECT 'CREATE DATABASE tenant_1001_client OWNER tenant_1001_open_client' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tenant_1001_client') \\gexec
      ALTER DATABASE tenant_1001_client OWNER TO tenant_1001_open_client;
      SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname) FROM pg_database WHERE datallowconn \\gexec
      "
    `);
  });

  it('are in no line that anybody sees: the password stands in what is read alone', () => {
    const stack = stackWith('pgvector');
    const steps = planDeploy(stack, bareMachine(stack), { only: undefined });
    const password = Buffer.alloc(32, 7).toString('base64url');
    const { input, ...visible } = databaseStep(steps) ?? { input: '' };
    expect(input).toContain(password);
    expect(JSON.stringify(visible)).not.toContain(password);
    expect(planLines(steps).join()).not.toContain(password);
    expect(JSON.stringify(stack.services.map(({ container }) => container))).not.toContain(password);
  });
});

/** Does the step on a machine where the server is there, in this state of mind. */
async function doneOn(host: FakeHost, stack: Stack) {
  const step = databaseStep(planDeploy(stack, bareMachine(stack), { only: undefined })) as Step;
  for (const { service, container, rendered } of stack.services) {
    if (rendered !== undefined) host.files.put(rendered.root);
    if (service.name === 'postgres') host.docker.containers.put(container);
  }
  const silent = { started() {}, noted() {}, succeeded() {}, failed() {}, skipped() {} };
  return apply([step], { host, watch: watchHealth(host, {}, 60_000), wait: false }, silent);
}

describe('making databases', () => {
  it('leaves them, their owner and a mark', async () => {
    const host = new FakeHost();
    const stack = stackWith('pgvector');
    expect((await doneOn(host, stack)).failed).toEqual([]);
    const cluster = host.docker.containers.clusters.get('/mnt/data-tenant-1001/data/postgres');
    expect([...(cluster?.databases ?? [])]).toEqual([
      ['tenant_1001_client', { owner: ROLE, extensions: new Set() }],
      ['tenant_1001_client_vectors', { owner: ROLE, extensions: new Set(['vector']) }],
    ]);
    const wanted = stack.services.find(({ service }) => service.name === 'open-client')?.databases;
    expect(host.files.text(wanted?.marker ?? '')).toBe(wanted?.mark);
  });

  it('that fails leaves no mark and names no secret', async () => {
    const host = new FakeHost();
    host.docker.containers.refusesNewPassword = true;
    const stack = stackWith('pgvector');
    const { failed } = await doneOn(host, stack);
    expect(failed).toEqual([{ step: expect.anything(), error: expect.objectContaining({ exitCode: 1 }) }]);
    const wanted = stack.services.find(({ service }) => service.name === 'open-client')?.databases;
    expect(host.files.text(wanted?.marker ?? '')).toBeUndefined();
  });

  it('without a server says what is missing', async () => {
    const stack = stackWith('pgvector');
    const lonely = {
      ...stack,
      services: stack.services.filter(({ service }) => service.name !== 'postgres'),
    };
    const { failed } = await doneOn(new FakeHost(), lonely);
    expect(failed[0]?.error).toMatchObject({ what: 'tenant-1001-postgres is not there.' });
  });
});
