import type { PathFacts } from '../host/host.ts';

/** `/opt/aiplat/dist` → `/`, `/opt`, `/opt/aiplat`, `/opt/aiplat/dist`. */
export function withParents(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)];
}

/**
 * Paths that somebody else than root could change. Whoever can write a program that sudo starts as root, or a
 * folder above it, is root.
 */
export const untrusted = (paths: ReadonlyMap<string, PathFacts>): string[] =>
  [...paths].filter(([, { uid, mode }]) => uid !== 0 || (mode & 0o022) !== 0).map(([path]) => path);
