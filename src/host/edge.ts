import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { AiplatError, EXIT } from '../errors.ts';
import { realCommands } from './commands.ts';
import { realFiles } from './files.ts';
import type { EdgeProcess } from './host.ts';
import { realUnits } from './units.ts';

const HAPROXY = '/usr/sbin/haproxy';
const ANSWER_MS = 2000;
const PATIENCE_MS = 15_000;
const ROUND_MS = 50;

/** HAProxy, through the socket of its master, which every start and reload of it has (haproxy management guide, 9.4). */
export const realEdge: EdgeProcess = {
  hasProgram: () =>
    access(HAPROXY).then(
      () => true,
      () => false,
    ),

  async complaint(config): Promise<string | undefined> {
    const { exitCode, output } = await realCommands.run(HAPROXY, ['-c', '-q', '-f', config]);
    return exitCode === 0 ? undefined : output.trim();
  },

  running,

  async takeOver({ unit, config, socketDir, socket }, version): Promise<void> {
    const before = await running(socket);
    if (before !== undefined) await ask(socket, 'reload');
    else if (await realUnits.isThere()) await realUnits.start(unit);
    else await startAlone(config, socketDir, socket);
    for (
      const deadline = Date.now() + PATIENCE_MS;
      (await running(socket)) !== version;
      await sleep(ROUND_MS)
    ) {
      if (Date.now() > deadline) throw notTaken(config);
    }
  },

  async stop(socket): Promise<void> {
    const answer = await ask(socket, 'show proc');
    const pid = Number(/^(\d+)\s+master/m.exec(answer ?? '')?.[1]);
    if (Number.isInteger(pid)) process.kill(pid, 'SIGTERM');
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(ROUND_MS)) {
      if ((await ask(socket, 'show proc')) === undefined) return;
    }
  },
};

/** The newest worker tells it: the description of its configuration. */
async function running(socket: string): Promise<string | undefined> {
  const answer = await ask(socket, '@1 show info');
  return /^description: (.*)$/m.exec(answer ?? '')?.[1];
}

/** Where no systemd is. It keeps what it was started with open, so it gets nothing of this process. */
async function startAlone(config: string, socketDir: string, socket: string): Promise<void> {
  await realFiles.makeDirectory({ path: socketDir, uid: 0, gid: 0, mode: 0o700 });
  await execa(HAPROXY, ['-W', '-D', '-f', config, '-S', `${socket},mode,600`], {
    stdio: 'ignore',
    reject: false,
    extendEnv: false,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
  });
}

/** @returns undefined when nobody listens there. */
function ask(socket: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const connection = connect(socket);
    connection.setTimeout(ANSWER_MS, () => connection.destroy());
    connection.on('connect', () => connection.end(`${command}\n`));
    connection.on('data', (chunk: Buffer) => {
      answer += chunk.toString('utf8');
    });
    connection.on('error', () => resolve(undefined));
    connection.on('close', () => resolve(answer));
  });
}

const notTaken = (config: string): AiplatError =>
  new AiplatError({
    what: 'HAProxy did not take over its configuration.',
    why: `It did not run with ${config} after ${PATIENCE_MS / 1000} s. Another program may have its ports.`,
    fix: 'See why: journalctl -u aiplat-edge, ss -ltnp; then run the same command again.',
    exitCode: EXIT.stopped,
  });
