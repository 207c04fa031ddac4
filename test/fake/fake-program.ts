import type { ExecResult } from '../../src/host/docker.ts';
import type { FakeContainer } from './fake-container.ts';
import type { FakeFiles } from './fake-files.ts';

/** The files that a container sees: path inside → text. */
function visibleFiles({ spec }: FakeContainer, files: FakeFiles): Map<string, string> {
  const visible = new Map<string, string>();
  for (const { source, target, readOnly } of spec.mounts) {
    if (!readOnly) continue;
    for (const path of files.below(source)) {
      const text = files.text(path);
      if (text !== undefined) visible.set(target + path.slice(source.length), text);
    }
  }
  return visible;
}

const isBad = (text: string, badTexts: ReadonlySet<string>): boolean =>
  [...badTexts].some((bad) => text.includes(bad));

/**
 * A program reads its files when it starts.
 * @returns false when one of them is such that it cannot go on.
 */
export function loadFiles(
  container: FakeContainer,
  files: FakeFiles,
  badTexts: ReadonlySet<string>,
): boolean {
  container.loaded.clear();
  for (const [path, text] of visibleFiles(container, files)) {
    // Pages are read from the disk whenever somebody asks for them.
    if (!path.includes('/site/')) container.loaded.set(path, text);
  }
  return ![...container.loaded.values()].some((text) => isBad(text, badTexts));
}

/**
 * A command inside of a container. `validate` and `reload` read the file that they name, as Caddy's do: a
 * text with something in it that is marked as bad is refused, and only a good one takes effect.
 */
export function runProgram(
  container: FakeContainer,
  command: readonly string[],
  files: FakeFiles,
  badTexts: ReadonlySet<string>,
): ExecResult {
  const [program, verb, script = ''] = command;
  if (program === 'sh') return runDatabase(container, script, command.at(-1) ?? '', files);
  const file = command[command.indexOf('--config') + 1] ?? '';
  if (program !== 'caddy' || (verb !== 'validate' && verb !== 'reload')) return { exitCode: 0, output: '' };
  const text = visibleFiles(container, files).get(file);
  if (text === undefined) return { exitCode: 1, output: `Error: reading ${file}: no such file or directory` };
  if ([...badTexts].some((bad) => text.includes(bad)))
    return { exitCode: 1, output: `Error: adapting ${file}` };
  if (verb === 'reload') container.loaded.set('/etc/caddy/Caddyfile', text);
  return { exitCode: 0, output: '' };
}

/** All rows of a database, in one file of its first mount. */
const ROWS = '18/docker/rows';

/** PostgreSQL writes its rows into a copy, or takes them back from one. */
function runDatabase({ spec }: FakeContainer, script: string, file: string, files: FakeFiles): ExecResult {
  const mount = spec.mounts.find(({ target }) => file.startsWith(`${target}/`));
  if (mount === undefined) return { exitCode: 0, output: '' };
  const copy = mount.source + file.slice(mount.target.length);
  const rows = `${mount.source}/${ROWS}`;
  const [from, to] = script.includes('pg_dumpall') ? [rows, copy] : [copy, rows];
  const text = files.text(from);
  if (text === undefined) return { exitCode: 1, output: `${from}: no such file` };
  files.put(to, { text, uid: 1001, gid: 1001, mode: 0o600 });
  return { exitCode: 0, output: '' };
}
