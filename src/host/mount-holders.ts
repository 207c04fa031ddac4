import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Mount } from './storage.ts';

const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`);

/** Who keeps a mount from going: mounts below it, and processes that stand in it or have files of it open. */
export async function holdersOf(target: string, mounts: readonly Mount[]): Promise<string[]> {
  const below = mounts.filter((other) => other.target !== target && isWithin(other.target, target));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(
    pids.map(async (pid) => ((await holds(pid, target)) ? nameOf(pid) : undefined)),
  );
  return [
    ...below.map((mount) => `a mount at ${mount.target}`),
    ...names.filter((name) => name !== undefined),
  ];
}

async function holds(pid: string, target: string): Promise<boolean> {
  const root = `/proc/${pid}`;
  const fds = await readdir(`${root}/fd`).catch(() => []);
  const links = ['cwd', 'root', 'exe', ...fds.map((fd) => `fd/${fd}`)];
  const paths = await Promise.all(links.map((link) => readlink(`${root}/${link}`).catch(() => '')));
  if (paths.some((path) => isWithin(path, target))) return true;
  const maps = await readFile(`${root}/maps`, 'utf8').catch(() => '');
  return maps.includes(` ${target}/`);
}

async function nameOf(pid: string): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `${name.trim() || 'a program'} (pid ${pid})`;
}
