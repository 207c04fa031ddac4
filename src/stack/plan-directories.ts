import type { PathFacts } from '../host/host.ts';
import type { Directory } from '../tenant/layout.ts';
import type { Step } from './step.ts';
import { directoryId } from './step-ids.ts';

/** Directories that are not there, or are not owned and closed as they have to be. */
export function planDirectories(
  directories: readonly Directory[],
  paths: ReadonlyMap<string, PathFacts>,
): Step[] {
  return directories.flatMap((directory) => {
    const why = directoryFault(directory, paths.get(directory.path));
    if (why === undefined) return [];
    const { path } = directory;
    return [{ id: directoryId(path), do: 'create directory', target: path, why, needs: [], directory }];
  });
}

function directoryFault(directory: Directory, found: PathFacts | undefined): string | undefined {
  if (found === undefined) return 'not found';
  if (found.kind !== 'directory') return 'something else stands there';
  if (found.uid !== directory.uid || found.gid !== directory.gid) {
    return `belongs to ${found.uid}:${found.gid}, has to be ${directory.uid}:${directory.gid}`;
  }
  const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
  return found.mode === directory.mode
    ? undefined
    : `mode ${octal(found.mode)}, has to be ${octal(directory.mode)}`;
}
