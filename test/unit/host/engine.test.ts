import { describe, expect, it } from 'vitest';
import { confinementFault, requireConfinement } from '../../../src/apparmor/confinement.ts';
import { AiplatError, refused } from '../../../src/errors.ts';
import type { ContainerSpec, EngineFacts } from '../../../src/host/docker.ts';
import { createBody, foundContainer } from '../../../src/host/docker-body.ts';
import { clientOptions } from '../../../src/host/docker-endpoint.ts';
import { engineError, hasStatus } from '../../../src/host/docker-errors.ts';
import { sampleStack } from '../sample.ts';

const stack = sampleStack({ services: ['caddy', 'n8n', 'postgres', 'valkey', 'openclaw'] });
const specs = stack.services.map(({ container }) => container);
const named = (name: string): ContainerSpec => {
  const spec = specs.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`no ${name}`);
  return spec;
};

describe.each(specs)('the container $name', (spec) => {
  const { HostConfig: host = {}, ...body } = createBody(spec);

  it('has no privileges: no root, no capability without a reason, a closed root file system', () => {
    expect(body.User).toMatch(/^(1001:1001|1900001001:1900001001)$/);
    expect(host).toMatchObject({
      CapDrop: ['ALL'],
      CapAdd: [],
      ReadonlyRootfs: true,
      NetworkMode: spec.network,
    });
    expect(host.SecurityOpt).toContain('no-new-privileges:true');
    expect([host.Privileged, host.PidMode, host.IpcMode, host.Devices]).toEqual(Array(4).fill(undefined));
  });

  it('has a bound for memory, without swap, for CPU, for processes and for its log', () => {
    expect(host.Memory).toBeGreaterThan(0);
    expect(host.MemorySwap).toBe(host.Memory);
    expect(host.NanoCpus).toBeGreaterThan(0);
    expect(host.PidsLimit).toBeGreaterThan(0);
    expect(host.LogConfig).toMatchObject({ Config: { 'max-size': '10m', 'max-file': '3' } });
  });

  it("mounts the tenant's own data and files of aiplat, and nothing else of the host", () => {
    for (const mount of host.Mounts ?? []) {
      expect(mount.Source).toMatch(/^(\/mnt\/data-tenant-1001\/data\/[a-z0-9-]+|\/state\/rendered\/.+)$/);
      expect([mount.Source, mount.ReadOnly]).toEqual([mount.Source, mount.Source.startsWith('/state/')]);
    }
    expect(host.Binds).toBeUndefined();
  });

  it('is published on the loopback address of the tenant alone', () => {
    const bindings = Object.values(host.PortBindings ?? {}) as { HostIp: string; HostPort: string }[][];
    for (const { HostIp, HostPort } of bindings.flat()) {
      expect(HostIp).toBe('127.0.0.1');
      expect(Number(HostPort)).toBeGreaterThanOrEqual(5000);
      expect(Number(HostPort)).toBeLessThanOrEqual(5099);
    }
    expect(Object.keys(body.ExposedPorts ?? {})).toEqual(Object.keys(host.PortBindings ?? {}));
  });

  it('comes back after a reboot, and answers to its plain name', () => {
    expect(host.RestartPolicy).toEqual({ Name: 'unless-stopped' });
    expect(body.NetworkingConfig?.EndpointsConfig?.[spec.network]?.Aliases).toEqual([spec.hostname]);
  });
});

describe('the body of a container', () => {
  it('has times in nanoseconds, and a start interval only where the engine knows one', () => {
    const { health } = named('tenant-1001-n8n');
    const body = (startIntervalMs: number) =>
      createBody({ ...named('tenant-1001-n8n'), health: { ...health, startIntervalMs } }).Healthcheck;
    expect(body(500)).toMatchObject({ Timeout: 10_000_000_000, StartInterval: 500_000_000 });
    expect(body(0)).not.toHaveProperty('StartInterval');
  });

  it('leaves out what the image shall decide', () => {
    const body = createBody({ ...named('tenant-1001-n8n'), entrypoint: undefined, command: undefined });
    expect(body).not.toHaveProperty('Entrypoint');
    expect(body).not.toHaveProperty('Cmd');
    expect(createBody({ ...named('tenant-1001-n8n'), command: [] })).toHaveProperty('Cmd', []);
  });
});

describe('a row of the engine', () => {
  const row = {
    Id: 'abc',
    Names: ['/tenant-1001-n8n'],
    Image: 'n8n:1',
    Labels: { a: 'b' },
    State: 'running',
    Ports: [
      { IP: '127.0.0.1', PublicPort: 5002, PrivatePort: 5678, Type: 'tcp' },
      { PrivatePort: 1, Type: 'tcp' },
    ],
    NetworkSettings: { Networks: { 'tenant-1001-net': { NetworkID: 'n1', IPAddress: '10.128.0.2' } } },
  };

  it.each([
    ['Up 5 minutes (healthy)', 'healthy'],
    ['Up 5 minutes (unhealthy)', 'unhealthy'],
    ['Up 2 seconds (health: starting)', 'starting'],
    ['Up 5 minutes', 'none'],
    ['Exited (137) 2 minutes ago', 'none'],
    ['Restarting (1) 3 seconds ago', 'none'],
  ])('%s is of health %s', (Status, health) => {
    expect(foundContainer({ ...row, Status } as never)).toEqual({
      id: 'abc',
      name: 'tenant-1001-n8n',
      image: 'n8n:1',
      labels: { a: 'b' },
      state: 'running',
      health,
      status: Status,
      publishedPorts: [{ address: '127.0.0.1', port: 5002 }],
      networks: { 'tenant-1001-net': 'n1' },
      addresses: ['10.128.0.2'],
    });
  });
});

describe('what the engine answers', () => {
  const answer = (statusCode: number, message: string) =>
    Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message}`), {
      statusCode,
      json: { message },
    });

  it.each<[string, unknown, number, RegExp]>([
    ['ENOENT', { code: 'ENOENT' }, 3, /systemctl start docker/],
    ['ECONNREFUSED', { code: 'ECONNREFUSED' }, 3, /systemctl start docker/],
    ['EACCES', { code: 'EACCES' }, 3, /as root/],
    [
      'a taken port',
      answer(500, 'Bind for 127.0.0.1:5002 failed: port is already allocated'),
      1,
      /aiplat setup/,
    ],
    ['a full disk', answer(500, 'write: no space left on device'), 1, /disk space/],
    ['an overlap', answer(403, 'Pool overlaps with other one on this address space'), 1, /subnetPool/],
    ['an unknown image', answer(404, 'manifest for x:1 not found'), 1, /registry/],
    ['anything', answer(500, 'something odd'), 1, /journalctl -u docker/],
  ])('%s has its exit code and its remedy', (_title, thrown, exitCode, fix) => {
    const error = engineError(thrown, 'start a container', 'unix:///run/docker.sock');
    expect(error).toMatchObject({ exitCode, fix: expect.stringMatching(fix), cause: thrown });
  });

  it('is told in its own words, without those of its client', () => {
    const error = engineError(new Error('(HTTP code 409) conflict - name is taken '), 'create it', '');
    expect([error.what, error.why]).toEqual([
      'The engine could not create it.',
      'It answered: name is taken',
    ]);
  });

  it('that is an error of ours already stays as it is', () => {
    const own = refused('a', 'b', 'c');
    expect(engineError(own, 'do it', '')).toBe(own);
  });

  it('is settled when its code says that there is nothing to do', () => {
    expect(hasStatus(answer(304, ''), 304, 404)).toBe(true);
    expect(hasStatus(answer(409, ''), 304, 404)).toBe(false);
    expect([undefined, null, 'x', {}].some((thrown) => hasStatus(thrown, 404))).toBe(false);
  });
});

describe('an endpoint', () => {
  it.each([
    ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }],
    ['tcp://127.0.0.1:2375', { protocol: 'http', host: '127.0.0.1', port: 2375 }],
    ['tcp://localhost:2375/', { protocol: 'http', host: 'localhost', port: 2375 }],
  ])('%s is this machine', (endpoint, options) => {
    expect(clientOptions(endpoint)).toEqual(options);
  });

  it.each(['tcp://10.0.0.1:2375', 'ssh://root@host', 'tcp://127.0.0.1.evil.org:2375', 'tcp://localhost', ''])(
    '%j is none that aiplat uses: exit 2',
    (endpoint) => {
      expect(() => clientOptions(endpoint)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );
});

describe('confinement', () => {
  const engine = (...securityOptions: string[]): EngineFacts => ({
    version: '29',
    apiVersion: '1.54',
    name: 'here',
    securityOptions,
    kernelVersion: '6.12',
    cgroupVersion: '2',
    cgroupDriver: 'systemd',
    dataRoot: '/var/lib/docker',
    runtimes: ['runc'],
  });

  it.each<['apparmor' | 'off', EngineFacts]>([
    ['apparmor', engine('name=apparmor', 'name=seccomp,profile=builtin')],
    ['off', engine()],
  ])('%s is what a host gets that asks for it and has the means', (confinement, facts) => {
    expect(requireConfinement(confinement, facts)).toBe(confinement);
  });

  it.each([
    ['ai-platform-1001-n8n (enforce)', undefined],
    ['ai-platform-1001-n8n (complain)', expect.stringContaining('(complain)')],
    ['ai-platform-10011-n8n (enforce)', expect.stringContaining('10011')],
    ['unconfined', expect.stringContaining('unconfined')],
    ['', expect.stringContaining('no profile')],
  ])('a process with the label %j is confined: %s', (label, fault) => {
    expect(confinementFault('ai-platform-1001-n8n', label)).toEqual(fault);
  });

  it('that a host asks for and does not have is refused with exit 3, and never left away', () => {
    expect(() => requireConfinement('apparmor', engine('name=seccomp,profile=builtin'))).toThrow(AiplatError);
    expect(() => requireConfinement('apparmor', engine())).toThrow(expect.objectContaining({ exitCode: 3 }));
  });
});
