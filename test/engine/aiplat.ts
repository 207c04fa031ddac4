import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { execa, type Options } from 'execa';

const PROJECT = join(import.meta.dirname, '../..');
const NODE = join(PROJECT, 'node_modules/node/bin/node');

export const docker = new Dockerode({
  socketPath: (process.env.DOCKER_HOST ?? '').replace('unix://', ''),
});

export interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** An installation of aiplat with a host config and directories of its own, on the engine of DOCKER_HOST. */
export interface Installation {
  readonly dir: string;
  readonly start: string;
  /** What a shell needs in order to start it. */
  readonly environment: Readonly<Record<string, string>>;
  aiplat(...args: string[]): Promise<Run>;
  /** The running process and its end, for those who want to kill it. */
  spawn(...args: string[]): { kill(signal: NodeJS.Signals): boolean; readonly ended: Promise<unknown> };
  env(tenant: string): Promise<string>;
  editEnv(tenant: string, edit: (text: string) => string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * @param from another installation whose directories it shares, such as a newer release over an older one.
 * @param hostConfig where its host config is not as usual.
 */
export async function install(from?: Installation, hostConfig: object = {}): Promise<Installation> {
  const dir = from?.dir ?? (await mkdtemp(join(tmpdir(), 'aiplat-engine-')));
  const program = await mkdtemp(join(tmpdir(), 'aiplat-program-'));
  await cp(join(PROJECT, 'dist'), join(program, 'dist'), { recursive: true });
  await cp(join(PROJECT, 'templates'), join(program, 'templates'), { recursive: true });
  const config = join(program, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      dataRoot: join(dir, 'mnt'),
      stateDir: join(dir, 'state'),
      runDir: join(dir, 'run'),
      logDir: join(dir, 'log'),
      requireMount: false,
      confinement: 'off',
      firewall: 'off',
      images: 'embedded',
      ...hostConfig,
    }),
  );
  await mkdir(join(dir, 'mnt'), { recursive: true });
  const start = join(program, 'dist/start.mjs');
  const environment = { AIPLAT_CONFIG: config, CI: 'true', NODE, START: start };
  const options: Options = { reject: false, stdin: 'ignore', env: environment };
  const envPath = (tenant: string): string => join(dir, `mnt/data-${tenant}/config/.env`);
  return {
    dir,
    start,
    environment,
    async aiplat(...args) {
      const { exitCode, stdout, stderr } = await execa(NODE, [start, ...args], options);
      return { exitCode, stdout: String(stdout), stderr: String(stderr) };
    },
    spawn: (...args) => {
      const child = execa(NODE, [start, ...args], options);
      return { kill: (signal) => child.kill(signal), ended: child };
    },
    env: (tenant) => readFile(envPath(tenant), 'utf8'),
    editEnv: async (tenant, edit) =>
      writeFile(envPath(tenant), edit(await readFile(envPath(tenant), 'utf8'))),
    remove: async () => {
      await rm(program, { recursive: true, force: true });
      if (from === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Removes whatever a test left of its tenants. */
export async function sweep(installation: Installation, tenants: readonly string[]): Promise<void> {
  for (const tenant of tenants) {
    await installation.aiplat('teardown', '--tenant', tenant, '--delete-data', '--confirm', tenant);
  }
  await installation.remove();
}

export const containersOf = (tenant: string): Promise<Dockerode.ContainerInfo[]> =>
  docker.listContainers({ all: true, filters: JSON.stringify({ label: [`aiplat.tenant=${tenant}`] }) });

const CHANGES = new Set([
  'create',
  'start',
  'restart',
  'stop',
  'kill',
  'die',
  'destroy',
  'rename',
  'update',
  'connect',
  'disconnect',
  'remove',
  'pull',
  'tag',
]);

/** What the engine changed while something was done, by its own event log. */
export async function changesDuring(work: () => Promise<unknown>): Promise<string[]> {
  const since = Date.now() / 1000;
  await work();
  const until = Date.now() / 1000;
  const stream = await docker.getEvents({ since: since.toFixed(3), until: until.toFixed(3) } as object);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { Type: string; Action: string })
    .filter(({ Action }) => CHANGES.has(Action))
    .map(({ Type, Action }) => `${Type} ${Action}`);
}
