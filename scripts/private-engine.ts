import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Docker Engine of its own in a folder, for the quickstart and for tests. Several may run side by side. */
export interface Engine {
  readonly dir: string;
  readonly socket: string;
  /** Short, because a socket's path has at most 107 letters (unix(7)). */
  readonly runDir: string;
  readonly bridge: string;
  readonly bridgeAddress: string;
}

const START_MS = 60_000;
const STOP_MS = 60_000;

/** Everything about the engine of a folder follows from the folder's path. */
export function describeEngine(dir: string): Engine {
  const hash = createHash('sha256').update(dir).digest();
  const id = hash.toString('hex').slice(0, 8);
  const runDir = `/run/aiplat-engine-${id}`;
  return {
    dir,
    socket: `${runDir}/docker.sock`,
    runDir,
    bridge: `aie-${id}`,
    bridgeAddress: `10.127.${hash.readUInt8(0)}.1/24`,
  };
}

export const dockerHost = (engine: Engine): string => `unix://${engine.socket}`;

/** Does an engine answer at this socket? */
export const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const call = request({ socketPath: socket, path: '/_ping', timeout: 3000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('error', () => resolve(false));
    call.on('timeout', () => call.destroy());
    call.end();
  });

/** Starts the engine of a folder, or finds it running. Its images and containers stay in the folder. */
export async function startEngine(engine: Engine): Promise<void> {
  if (await answers(engine.socket)) return;
  await stopEngine(engine);
  for (const path of [join(engine.dir, 'data'), engine.runDir])
    mkdirSync(path, { recursive: true, mode: 0o711 });
  run('ip', 'link', 'add', engine.bridge, 'type', 'bridge');
  run('ip', 'addr', 'add', engine.bridgeAddress, 'dev', engine.bridge);
  run('ip', 'link', 'set', engine.bridge, 'up');
  const log = openSync(join(engine.dir, 'dockerd.log'), 'w');
  const daemon = spawn(
    'dockerd',
    [
      '--data-root',
      join(engine.dir, 'data'),
      '--exec-root',
      engine.runDir,
      '--host',
      dockerHost(engine),
      '--pidfile',
      pidFile(engine),
      '--bridge',
      engine.bridge,
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  daemon.unref();
  closeSync(log);
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(200)) {
    if (await answers(engine.socket)) return;
    if (daemon.exitCode !== null) break;
  }
  const words = readFileSync(join(engine.dir, 'dockerd.log'), 'utf8')
    .trim()
    .split('\n')
    .slice(-8)
    .join('\n  | ');
  throw new Error(`The private engine in ${engine.dir} did not start. Its last words:\n  | ${words}`);
}

const pidFile = ({ runDir }: Engine): string => join(runDir, 'dockerd.pid');

/** Ends the engine and what it has in the kernel; its folder stays. */
export async function stopEngine(engine: Engine): Promise<void> {
  const pid = runningPid(engine);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    for (const deadline = Date.now() + STOP_MS; isAlive(pid) && Date.now() < deadline; ) await sleep(100);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  for (const path of mountsBelow([engine.runDir, join(engine.dir, 'data')])) tryRun('umount', '--lazy', path);
  rmSync(engine.runDir, { recursive: true, force: true });
  if (existsSync(`/sys/class/net/${engine.bridge}`)) tryRun('ip', 'link', 'delete', engine.bridge);
}

/** Ends the engine and deletes its folder. */
export async function removeEngine(engine: Engine): Promise<void> {
  await stopEngine(engine);
  rmSync(engine.dir, { recursive: true, force: true });
}

/** The pid of the pid file, if it is a dockerd still: numbers are used again. */
function runningPid(engine: Engine): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile(engine), 'utf8'));
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'dockerd' ? pid : undefined;
  } catch {
    return undefined;
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const mountsBelow = (roots: readonly string[]): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => roots.some((root) => path.startsWith(`${root}/`)))
    .reverse();

const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};

const tryRun = (program: string, ...args: string[]): void => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // Gone already, which is what was wanted.
  }
};

const [action, dir] = process.argv.slice(2);
if (import.meta.main && dir !== undefined) {
  const engine = describeEngine(dir);
  if (action === 'start') {
    await startEngine(engine);
    console.log(dockerHost(engine));
  } else if (action === 'stop') await stopEngine(engine);
  else if (action === 'remove') await removeEngine(engine);
}
