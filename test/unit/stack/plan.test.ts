import { describe, expect, it } from 'vitest';
import type { Observed } from '../../../src/stack/observe.ts';
import { planDeploy } from '../../../src/stack/plan.ts';
import type { Stack } from '../../../src/stack/stack.ts';
import { planLines } from '../../../src/stack/step.ts';
import { planTeardown } from '../../../src/stack/teardown-plan.ts';
import { bareMachine, deployedMachine, sampleStack, TENANT, tenantLabel } from '../sample.ts';

const ONLY_CHROMA = { services: ['chroma'] };
/** What follows whenever a container of Chroma is made. */
const ALIGNED = 'align data | tenant-1001-chroma | clients look for a database in it';

const lines = (stack: Stack, observed: Observed, only?: string[]): string[] =>
  planLines(planDeploy(stack, observed, { only: only && new Set(only) })).map((line) =>
    line.replace(/ {2,}/g, ' | '),
  );

describe('the plan of a deploy', () => {
  it('for a bare machine makes everything, what is needed first', () => {
    const stack = sampleStack(ONLY_CHROMA);
    expect(lines(stack, bareMachine(stack))).toEqual([
      'set limits | aiplat-1001.slice | not found',
      'load profiles | /etc/apparmor.d/aiplat-tenant-1001 | not found',
      'write file | /mnt/data-tenant-1001/apparmor/profiles | for the tenant to read',
      'create network | ai-platform-1001 | not found',
      'create directory | /mnt/data-tenant-1001/data/chroma | not found',
      expect.stringMatching(/^write files \| \/state\/rendered\/chroma\/\w+ \| not found$/),
      'create container | tenant-1001-chroma | not found',
      ALIGNED,
    ]);
    const [slice, profiles, , network, directory, , container] = planDeploy(stack, bareMachine(stack), {
      only: undefined,
    });
    expect(container?.needs).toEqual(
      expect.arrayContaining([slice?.id, profiles?.id, network?.id, directory?.id]),
    );
  });

  it('pulls an official image that is not there', () => {
    const stack = sampleStack({ ...ONLY_CHROMA, source: 'official' });
    const observed = { ...deployedMachine(stack), images: new Set<string>() };
    expect(lines(stack, observed)).toEqual([
      'pull image | docker.io/chromadb/chroma:1.5.9 | not on this host',
    ]);
  });

  it('for a machine that is as it should be is empty', () => {
    const stack = sampleStack({ services: ['caddy', 'prometheus', 'n8n', 'postgres', 'valkey', 'openclaw'] });
    expect(lines(stack, deployedMachine(stack))).toEqual([]);
  });

  it('replaces a container whose image changed, and names both', () => {
    const stack = sampleStack({ ...ONLY_CHROMA, image: (name) => `aiplat/${name}:2` });
    const { images } = bareMachine(stack);
    const observed = { ...deployedMachine(sampleStack(ONLY_CHROMA)), images };
    expect(lines(stack, observed)).toEqual([
      'replace container | tenant-1001-chroma | image changed: aiplat/chroma:1 → aiplat/chroma:2',
      ALIGNED,
    ]);
  });

  it('replaces a container whose settings changed, says which, and cleans up after it', () => {
    const before = deployedMachine(sampleStack({ services: ['n8n'] }));
    const edit = (env: string) =>
      env
        .replace(/^DOMAIN_NAME=.*$/m, 'DOMAIN_NAME=ai.example.org')
        .replace(/^N8N_ENCRYPTION_KEY=.*$/m, 'N8N_ENCRYPTION_KEY=another-one');
    const found = lines(sampleStack({ services: ['n8n'], edit }), before);
    expect(found).toEqual([
      expect.stringMatching(/^write files \| \/state\/rendered\/n8n\/[0-9a-f]{12} \| not found$/),
      'replace container | tenant-1001-n8n | changed: env, files',
      expect.stringMatching(
        /^remove directory \| \/state\/rendered\/n8n\/[0-9a-f]{12} \| files of an earlier version$/,
      ),
    ]);
  });

  it('removes a service that is switched off, and says that its data stays', () => {
    const observed = deployedMachine(sampleStack({ services: ['llamacpp'] }));
    expect(lines(sampleStack(ONLY_CHROMA), observed)).toEqual([
      'load profiles | /etc/apparmor.d/aiplat-tenant-1001 | changed',
      'write file | /mnt/data-tenant-1001/apparmor/profiles | for the tenant to read',
      'remove container | tenant-1001-llamacpp | llamacpp is switched off; its data stays in /mnt/data-tenant-1001/data',
      'unload profiles | ai-platform-1001-llamacpp | no service of the stack wears them',
      expect.stringMatching(/^remove directory \| \/state\/rendered\/llamacpp\/[0-9a-f]{12} \|/),
    ]);
  });

  it('starts a container that stopped, and says how it ended', () => {
    const stack = sampleStack(ONLY_CHROMA);
    const observed = deployedMachine(stack);
    const containers = observed.containers.map((one) => ({
      ...one,
      state: 'exited',
      status: 'Exited (137) 2 minutes ago',
    }));
    expect(lines(stack, { ...observed, containers })).toEqual([
      'start container | tenant-1001-chroma | not up: Exited (137) 2 minutes ago',
    ]);
  });

  it.each([
    ['before the new one was made', (name: string) => name.endsWith('.previous')],
    ['after the new one was made', () => true],
  ])('goes on with a replacement that was interrupted %s', (_title, isThere) => {
    const stack = sampleStack(ONLY_CHROMA);
    const observed = deployedMachine(stack);
    const previous = observed.containers.map((one) => ({
      ...one,
      id: 'old',
      name: `${one.name}.previous`,
      state: 'exited',
    }));
    const containers = [...observed.containers, ...previous].filter(({ name }) => isThere(name));
    expect(lines(stack, { ...observed, containers })).toEqual([
      'replace container | tenant-1001-chroma | an earlier replacement was interrupted',
      ALIGNED,
    ]);
  });

  it('removes what a failed deploy left for inspection', () => {
    const stack = sampleStack(ONLY_CHROMA);
    const observed = deployedMachine(stack);
    const failed = observed.containers.map((one) => ({ ...one, id: 'failed', name: `${one.name}.failed` }));
    expect(lines(stack, { ...observed, containers: [...observed.containers, ...failed] })).toEqual([
      'remove container | tenant-1001-chroma.failed | left by a deploy that failed',
    ]);
  });

  it('closes a data directory that was opened or given away', () => {
    const stack = sampleStack(ONLY_CHROMA);
    const path = '/mnt/data-tenant-1001/data/chroma';
    const withFacts = (facts: object): Observed => {
      const observed = deployedMachine(stack);
      return {
        ...observed,
        paths: new Map([
          ...observed.paths,
          [path, { kind: 'directory', uid: 1001, gid: 1001, mode: 0o700, ...facts }],
        ]),
      };
    };
    expect(lines(stack, withFacts({ uid: 0 }))).toEqual([
      `create directory | ${path} | belongs to 0:1001, has to be 1001:1001`,
    ]);
    expect(lines(stack, withFacts({ mode: 0o777 }))).toEqual([
      `create directory | ${path} | mode 0777, has to be 0700`,
    ]);
  });

  it('reloads Caddy for a new domain instead of replacing it', () => {
    const observed = deployedMachine(sampleStack({ services: ['caddy'] }));
    const edit = (env: string) => env.replace(/^DOMAIN_NAME=.*$/m, 'DOMAIN_NAME=ai.example.org');
    expect(lines(sampleStack({ services: ['caddy'], edit }), observed)).toEqual([
      'reload config | caddy-tenant-1001 | changed: caddy/Caddyfile',
    ]);
  });

  it('only rewrites the index page when a service is switched on: its route is there already', () => {
    const observed = deployedMachine(sampleStack({ services: ['caddy'] }));
    const found = lines(sampleStack({ services: ['caddy', 'prometheus'] }), observed, ['caddy']);
    expect(found.filter((line) => !line.includes('apparmor'))).toEqual([
      expect.stringMatching(
        /^write files \| \/state\/rendered\/caddy\/live-[0-9a-f]{12} \| changed: caddy\/site\/index\.html$/,
      ),
    ]);
  });

  it('is about the named services alone when some are named', () => {
    const stack = sampleStack({ services: ['chroma', 'llamacpp'] });
    expect(lines(stack, bareMachine(stack), ['llamacpp']).filter((line) => line.includes('chroma'))).toEqual(
      [],
    );
  });

  it('leaves containers of other tenants alone, whatever their names', () => {
    const stack = sampleStack(ONLY_CHROMA);
    const observed = deployedMachine(stack);
    const other = {
      ...observed.containers[0],
      id: 'x',
      name: 'tenant-10011-n8n',
      labels: { 'aiplat.tenant': 'tenant-10011', 'aiplat.service': 'n8n' },
    };
    expect(lines(stack, { ...observed, containers: [...observed.containers, other as never] })).toEqual([]);
  });
});

describe('the plan of a teardown', () => {
  const remains = (observed: Observed) => ({
    ...observed,
    directories: [{ path: '/state/tenants/tenant-1001', why: 'rendered files' }],
    profiles: ['ai-platform-1001'],
    firewall: undefined,
    volume: undefined,
    slices: [{ driver: 'systemd', parent: 'aiplat-1001.slice' }] as const,
  });

  const NOTHING = {
    containers: [],
    networks: [],
    directories: [],
    profiles: [],
    slices: [],
    firewall: undefined,
    volume: undefined,
  };

  it('removes containers, then the network and the files', () => {
    const steps = planTeardown(TENANT, remains(deployedMachine(sampleStack(ONLY_CHROMA))));
    expect(steps.map(({ do: action, target }) => `${action} ${target}`)).toEqual([
      'remove container tenant-1001-chroma',
      'remove network ai-platform-1001',
      'unload profiles ai-platform-1001',
      'remove limits aiplat-1001.slice',
      'remove directory /state/tenants/tenant-1001',
    ]);
    expect(steps[1]?.needs).toEqual([steps[0]?.id]);
  });

  it('leaves a network of the same name that aiplat did not make', () => {
    const networks = [{ id: 'n', name: TENANT.network, labels: {}, subnets: [] }];
    expect(planTeardown(TENANT, { ...NOTHING, networks })).toEqual([]);
    expect(
      planTeardown(TENANT, {
        ...NOTHING,
        networks: [{ ...networks[0], labels: tenantLabel } as never],
      }),
    ).toHaveLength(1);
  });
});
