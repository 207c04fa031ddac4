import type { Context } from '../../src/commands/context.ts';
import { type DeployOptions, deploy } from '../../src/commands/deploy.ts';
import { buildImages } from '../../src/commands/host/images.ts';
import { type SetupOptions, setup } from '../../src/commands/setup.ts';
import { type TeardownOptions, teardown } from '../../src/commands/teardown.ts';
import { FakeHost, TEMPLATES } from './fake-host.ts';
import { CONFIG_PATH, type Ended, runCommand } from './process.ts';

export const TENANT = 'tenant-1001';
export const BASE_DIR = '/mnt/data-tenant-1001';
export const ENV_PATH = `${BASE_DIR}/config/.env`;

type Work = (context: Context) => Promise<void>;

export const setupOf =
  (options: SetupOptions = {}): Work =>
  (context) =>
    setup(context, { tenant: TENANT, ...options });

export const deployOf =
  (options: Partial<DeployOptions> = {}): Work =>
  (context) =>
    deploy(context, { tenant: TENANT, wait: true, timeout: 300, ...options });

export const teardownOf =
  (options: TeardownOptions = {}): Work =>
  (context) =>
    teardown(context, { tenant: TENANT, ...options });

export const buildOf =
  (...services: string[]): Work =>
  (context) =>
    buildImages(context, services, {});

/** A host that was just installed: an engine, a mounted volume, the host config. */
export function freshMachine(config: Readonly<Record<string, unknown>> = {}): FakeHost {
  const host = new FakeHost();
  host.files.put(CONFIG_PATH, { text: JSON.stringify(config) });
  host.files.put(BASE_DIR);
  host.files.mountPoints.add(BASE_DIR);
  for (const uid of [1001, 1002]) host.accounts.all.push({ name: `user${uid}`, uid, gid: uid });
  return host;
}

export const SERIAL = 'vol0123456789abcdef0';
export const VOLUME_DISK = '/dev/nvme1n1';
export const RECORD_PATH = `/etc/aiplat/tenants/${TENANT}.json`;
/** Somebody else's bytes: no newline at the end, and a letter that is no UTF-8. */
export const OLD_FSTAB =
  '# \xe9crit par root\n/dev/nvme0n1 / ext4 defaults 0 1\n\n/dev/sr0\t/cd  iso9660 noauto 0 0';

/** A host whose admin gave the tenant a disk, which is attached, blank and not mounted. */
export function volumeMachine(config?: Readonly<Record<string, unknown>>): FakeHost {
  const host = freshMachine(config);
  host.files.mountPoints.delete(BASE_DIR);
  host.files.tree.delete(BASE_DIR);
  host.files.put(RECORD_PATH, {
    text: JSON.stringify({ user: 'user1001', volume: `vol-${SERIAL.slice(3)}` }),
  });
  host.files.put('/etc/fstab', { text: OLD_FSTAB, mode: 0o640, gid: 6 });
  host.disks.put('/dev/nvme0n1', {
    serial: 'vol00000000000000001',
    contents: { signatures: ['gpt'], ext4: undefined },
  });
  host.disks.put(VOLUME_DISK, { serial: SERIAL });
  return host;
}

/** The tenant runs on a volume that setup mounted. */
export async function deployedOnVolume(config?: Readonly<Record<string, unknown>>): Promise<FakeHost> {
  const host = volumeMachine(config);
  await succeed(host, setupOf({ services: SERVICES, vectorDb: 'chroma' }));
  await succeed(host, deployOf());
  return host;
}

/** Its disk attached to another host, with all that is on it, and not mounted. */
export async function moveVolume(from: FakeHost): Promise<FakeHost> {
  await succeed(from, teardownOf({ releaseVolume: true }));
  const to = volumeMachine();
  to.disks.all = to.disks.all.filter(({ path }) => path !== VOLUME_DISK);
  to.disks.put(VOLUME_DISK, from.disks.at(VOLUME_DISK));
  return to;
}

export const SERVICES = ['caddy', 'prometheus', 'n8n', 'valkey'] as const;

/** The tenant is set up on it and nothing runs. */
export async function setUpMachine(config?: Readonly<Record<string, unknown>>): Promise<FakeHost> {
  const host = freshMachine(config);
  await succeed(host, setupOf({ services: SERVICES, vectorDb: 'chroma' }));
  return host;
}

/** The tenant's stack runs on it. */
export async function deployedMachine(): Promise<FakeHost> {
  const host = await setUpMachine();
  await succeed(host, deployOf());
  return host;
}

/** The same from images that the host built itself. */
export async function embeddedMachine(): Promise<FakeHost> {
  const host = await setUpMachine({ images: 'embedded' });
  await succeed(host, buildOf());
  await succeed(host, deployOf());
  return host;
}

/** Runs a command that has to end well. */
export async function succeed(host: FakeHost, work: Work): Promise<Ended> {
  const ended = await runCommand(host, work);
  if (ended.exit !== 0) throw new Error(`exit ${ended.exit}\n${ended.err}`);
  return ended;
}

/** Changes the tenant's `.env` as its owner would: KEY to value. */
export function editEnv(host: FakeHost, edits: Readonly<Record<string, string>>): void {
  let text = host.files.text(ENV_PATH) ?? '';
  for (const [key, value] of Object.entries(edits)) {
    text = text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`);
  }
  host.files.put(ENV_PATH, { ...host.files.tree.get(ENV_PATH), text });
}

/** Another release of aiplat, in which a template has one more line. */
export function extendTemplate(host: FakeHost, name: string, line: string): void {
  const path = `${TEMPLATES}/${name}`;
  host.files.put(path, { ...host.files.tree.get(path), text: `${host.files.text(path) ?? ''}${line}\n` });
}
