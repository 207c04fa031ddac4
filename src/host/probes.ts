import { readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { realCommands } from './commands.ts';
import type { Endpoint, Probes, ProcessStatus, Reached, Standpoint } from './host.ts';

/** A wall is silent for ever; a busy machine that answers does so within this time. */
const PATIENCE_MS = 4000;

/** Runs in a process of its own, because the network and the user of a process are its own. */
const scriptFor = (targets: readonly Endpoint[]): string => `
const { connect } = require('node:net');
const attempt = ({ address, port }) => new Promise((resolve) => {
  const socket = connect({ host: address, port, timeout: ${PATIENCE_MS} });
  const end = (word) => { socket.destroy(); resolve(word); };
  socket.on('connect', () => end('open'));
  socket.on('timeout', () => end('silent'));
  socket.on('error', ({ code }) => end(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : code === 'ETIMEDOUT' ? 'silent' : 'no route'));
});
Promise.all(${JSON.stringify(targets)}.map(attempt)).then((words) => console.log(JSON.stringify(words)));
`;

async function status(pid: number): Promise<ProcessStatus | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return Object.fromEntries([...text.matchAll(/^(\w+):\s*(.*)$/gm)].map(([, key, value]) => [key, value]));
}

const networkNamespace = (pid: number): Promise<string | undefined> =>
  readlink(`/proc/${pid}/ns/net`).catch(() => undefined);

async function connect(from: Standpoint, targets: readonly Endpoint[]): Promise<readonly Reached[]> {
  if (targets.length === 0) return [];
  const network =
    from.networkOf === undefined ? [] : ['nsenter', '--target', String(from.networkOf), '--net', '--'];
  const ids = [`--reuid=${from.uid}`, `--regid=${from.uid}`, '--clear-groups'];
  const user = from.uid === undefined ? [] : ['setpriv', ...ids, '--'];
  const [program = '', ...args] = [...network, ...user, process.execPath, '-e', scriptFor(targets)];
  const { exitCode, output } = await realCommands.run(program, args);
  if (exitCode !== 0) throw new Error(`a probe ended with ${exitCode}: ${output}`);
  return JSON.parse(output) as Reached[];
}

const ownAddresses = async (): Promise<readonly string[]> =>
  Object.values(networkInterfaces()).flatMap((found) =>
    (found ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address),
  );

export const realProbes: Probes = { status, networkNamespace, connect, ownAddresses };
