import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Listener, Sockets } from './host.ts';
import { parseListeners } from './proc-net.ts';

/** The sockets of this network namespace, from /proc. */
export const realSockets: Sockets = {
  async listeners(address, first, last): Promise<Listener[]> {
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readOrNothing));
    const found = tables
      .flatMap(parseListeners)
      .filter(({ port }) => port >= first && port <= last)
      .filter((socket) => socket.address === address || socket.isWildcard);
    if (found.length === 0) return [];
    const holders = await socketHolders(new Set(found.map(({ inode }) => inode)));
    return found.map((socket) => ({
      address: socket.address,
      port: socket.port,
      holder: holders.get(socket.inode) ?? 'another program',
    }));
  },
};

const readOrNothing = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** Inode of a socket → `nginx (pid 812)`, for the processes that this user may look into. */
async function socketHolders(inodes: ReadonlySet<string>): Promise<Map<string, string>> {
  const holders = new Map<string, string>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      for (const inode of await socketsOf(pid)) {
        if (!inodes.has(inode)) continue;
        const name = (await readOrNothing(`/proc/${pid}/comm`)).trim();
        holders.set(inode, `${name || 'a program'} (pid ${pid})`);
      }
    }),
  );
  return holders;
}

async function socketsOf(pid: string): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
