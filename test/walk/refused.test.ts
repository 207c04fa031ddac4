import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import type { FakeNode } from '../fake/fake-files.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import {
  BASE_DIR,
  deployedMachine,
  deployOf,
  ENV_PATH,
  editEnv,
  freshMachine,
  setUpMachine,
  setupOf,
  TENANT,
  teardownOf,
} from '../fake/machines.ts';
import { type CallerOptions, CONFIG_PATH, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

interface Case {
  readonly when: string;
  readonly exit: number;
  readonly says: RegExp;
  readonly machine?: () => FakeHost | Promise<FakeHost>;
  readonly trouble?: (host: FakeHost) => void;
  readonly work?: (context: Context) => Promise<void>;
  readonly caller?: CallerOptions;
}

const hold = (host: FakeHost): void => {
  const holder = { pid: 77, command: 'aiplat deploy', user: '0', since: '2027-01-01T00:00:00.000Z' };
  // Another process: it outlives the ones that a test starts.
  host.locks.forget = () => undefined;
  host.locks.held.set('/run/aiplat/locks/tenant-1001.lock', holder);
};

const putEnv = ({ files }: FakeHost, node: Partial<FakeNode>): void => {
  files.put(ENV_PATH, { uid: 1001, gid: 1001, mode: 0o600, text: files.text(ENV_PATH) ?? '', ...node });
};

const inTheWay = { hostname: 'x', image: 'nginx', labels: {}, mounts: [], ports: [], env: {} };

const cases: readonly Case[] = [
  {
    when: 'the engine cannot be reached',
    exit: 3,
    says: /engine cannot be reached/i,
    trouble: ({ docker }) => {
      docker.link.isAway = true;
    },
  },
  { when: 'the tenant is not set up', exit: 3, says: /is not set up/, machine: freshMachine },
  {
    when: 'a directory of the setup is gone',
    exit: 3,
    says: /not set up completely/,
    trouble: ({ files }) => {
      files.tree.delete(`${BASE_DIR}/logs`);
    },
  },
  {
    when: 'no volume is mounted',
    exit: 3,
    says: /no volume is mounted/,
    trouble: ({ files }) => {
      files.mountPoints.clear();
    },
  },
  {
    when: 'the engine has no AppArmor',
    exit: 3,
    says: /no AppArmor/,
    trouble: ({ docker }) => {
      docker.engine = { ...docker.engine, securityOptions: ['name=seccomp,profile=builtin'] };
    },
  },
  {
    when: 'a program has one of the ports',
    exit: 3,
    says: /port 5002 \(n8n\) is taken/,
    trouble: ({ sockets }) => {
      sockets.programs.push({ address: '0.0.0.0', port: 5002, holder: 'nginx (pid 812)' });
    },
  },
  {
    when: 'a stranger has the name of a container',
    exit: 3,
    says: /tenant-1001-n8n is there already/,
    trouble: ({ docker }) => {
      docker.containers.put({ ...inTheWay, name: 'tenant-1001-n8n' } as never);
    },
  },
  {
    when: 'a network overlaps',
    exit: 3,
    says: /10\.128\.0\.0\/25 is taken/,
    trouble: ({ docker }) => {
      docker.networks.put({
        name: 'vpn',
        subnet: '10.128.0.0/16',
        gateway: '10.128.0.1',
        bridge: 'vpn0',
        labels: {},
      });
    },
  },
  {
    when: 'images are not built',
    exit: 3,
    says: /not built yet/,
    machine: () => setUpMachine({ images: 'embedded' }),
  },
  {
    when: 'the .env names another tenant',
    exit: 2,
    says: /STACK_USER_UID = 1002/,
    trouble: (host) => {
      editEnv(host, { STACK_USER_UID: '1002' });
    },
  },
  {
    when: 'the .env is a link',
    exit: 2,
    says: /\.env cannot be read[\s\S]*a symbolic link/,
    trouble: ({ files }) => {
      files.put(ENV_PATH, { link: '/etc/shadow' });
    },
  },
  {
    when: 'the .env is a FIFO',
    exit: 2,
    says: /\.env cannot be read[\s\S]*a FIFO/,
    trouble: ({ files }) => {
      files.put(ENV_PATH, { kind: 'other' });
    },
  },
  {
    when: 'the .env belongs to another tenant',
    exit: 2,
    says: /belongs to UID 1002; it has to belong to UID 0 or 1001[\s\S]*chown 1001/,
    trouble: (host) => putEnv(host, { uid: 1002 }),
  },
  {
    when: 'the .env has a second name',
    exit: 2,
    says: /has 2 names \(hard links\)/,
    trouble: (host) => putEnv(host, { links: 2 }),
  },
  {
    when: 'the .env has more than 64 KiB',
    exit: 2,
    says: /has more than 65536 bytes/,
    trouble: (host) => putEnv(host, { text: '#'.repeat(65_537) }),
  },
  {
    when: 'the .env has a NUL',
    exit: 2,
    says: /Line 2 has a NUL byte/,
    trouble: (host) => putEnv(host, { text: 'A=b\nC=\0' }),
  },
  {
    when: 'a link of the tenant stands in the place of the directory of the .env',
    exit: 3,
    says: /leads through a link[\s\S]*"config" in it is a symbolic link to "\/etc"/,
    trouble: ({ files }) => {
      files.put(BASE_DIR, { uid: 1001 });
      files.put(`${BASE_DIR}/config`, { link: '/etc', uid: 1001 });
    },
  },
  {
    when: 'the host config is wrong',
    exit: 2,
    says: /baseDomian: no such key/,
    trouble: ({ files }) => {
      files.put(CONFIG_PATH, { text: '{"baseDomian": "x.org"}' });
    },
  },
  {
    when: '--only names a service that the stack does not have',
    exit: 2,
    says: /has no service grafana/,
    work: deployOf({ only: ['grafana'] }),
  },
  { when: 'the caller is not root', exit: 3, says: /needs root/, caller: { uid: 1001 } },
  {
    when: 'a tenant names another one',
    exit: 2,
    says: /You are not tenant-1001/,
    caller: { uid: 0, sudoUid: 1002 },
  },
  {
    when: 'another command works on the tenant',
    exit: 5,
    says: /is busy[\s\S]*aiplat deploy.*pid 77/,
    trouble: hold,
  },
  {
    when: 'a setup gets a preset and services',
    exit: 2,
    says: /both given/,
    work: setupOf({ preset: 'full', services: ['n8n'] }),
  },
  {
    when: 'a setup gets a service that there is not',
    exit: 2,
    says: /no service "n9n"/,
    work: setupOf({ services: ['n9n'] }),
  },
  {
    when: 'a setup gets a domain that is none',
    exit: 2,
    says: /DOMAIN_NAME/,
    work: setupOf({ domain: 'no domain' }),
  },
  {
    when: 'data is to be deleted and nobody confirms',
    exit: 2,
    says: /has to be confirmed/,
    machine: deployedMachine,
    work: teardownOf({ deleteData: true }),
  },
  {
    when: 'data is to be deleted and another tenant is confirmed',
    exit: 2,
    says: /does not name the tenant/,
    machine: deployedMachine,
    work: teardownOf({ deleteData: true, confirm: 'tenant-1002' }),
  },
];

describe('nothing is touched', () => {
  it.each(cases)(
    'when $when: exit $exit',
    async ({ machine = setUpMachine, trouble, work = deployOf(), caller, exit, says }) => {
      const host = await machine();
      trouble?.(host);
      const before = snapshot(host);
      const ended = await runCommand(host, work, caller);
      expect([ended.exit, ended.err]).toEqual([exit, expect.stringMatching(says)]);
      expect(ended.changes).toEqual([]);
      expect(snapshot(host)).toEqual(before);
    },
  );

  it('and no message shows a secret', async () => {
    const host = await setUpMachine();
    const secrets =
      (host.files.text(ENV_PATH) ?? '').match(/(?<=^(?:\w+_PASSWORD|\w+_KEY|\w+_TOKEN|\w+_SECRET)=).+$/gm) ??
      [];
    expect(secrets.length).toBeGreaterThan(3);
    editEnv(host, { STACK_USER_UID: '1', N8N_PORT: 'x', DOMAIN_NAME: 'x', VECTOR_DB: 'x' });
    const { err, out } = await runCommand(host, deployOf(), { json: true });
    for (const value of secrets) expect(err + out).not.toContain(value);
  });
});

describe('a lock', () => {
  it('is free again after each command, however that ended', async () => {
    const host = await setUpMachine();
    host.docker.images.unknown.add('docker.io/chromadb/chroma:1.5.9');
    expect((await runCommand(host, deployOf())).exit).not.toBe(0);
    expect([...host.locks.held]).toEqual([]);
  });

  it('of one tenant keeps no other one waiting', async () => {
    const host = await setUpMachine();
    hold(host);
    host.files.put('/mnt/data-tenant-1002');
    host.files.mountPoints.add('/mnt/data-tenant-1002');
    const { exit } = await runCommand(host, setupOf({ tenant: 'tenant-1002' }));
    expect([exit, TENANT]).toEqual([0, 'tenant-1001']);
  });

  it('is waited for as long as was asked', async () => {
    const host = await setUpMachine();
    hold(host);
    const waited = runCommand(host, deployOf({ waitLock: 10 }));
    await host.clock.elapse(5_000);
    host.locks.held.clear();
    expect((await waited).exit).toBe(0);
  });
});
