import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { AiplatError, EXIT, messageOf, notReady } from '../errors.ts';
import { realCommands } from './commands.ts';
import type { AppArmor } from './host.ts';

const SECURITY_FS = '/sys/kernel/security/apparmor';
const PARSERS = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'];

/** The real kernel's AppArmor, through its parser and its files below /sys. */
export const realAppArmor: AppArmor = { loaded, hasParser, load, unload, labelOf };

async function loaded(): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await readFile(`${SECURITY_FS}/profiles`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return new Map(
    [...text.matchAll(/^(.+) \((\w+)\)$/gm)].map(([, name = '', mode = '']) => [name, mode] as const),
  );
}

async function hasParser(): Promise<boolean> {
  const found = await Promise.all(
    PARSERS.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

async function load(path: string): Promise<void> {
  const { exitCode, output } = await realCommands.run('apparmor_parser', [
    '--replace',
    '--write-cache',
    path,
  ]);
  if (exitCode === 0) return;
  throw notReady(
    `The AppArmor profiles in ${path} cannot be loaded.`,
    `apparmor_parser answered ${exitCode}: ${output.trim()}`,
    `Try it by hand: apparmor_parser --replace ${path}; the kernel's reason is at the end of \`dmesg\`.`,
  );
}

async function unload(names: readonly string[]): Promise<void> {
  const worn = await wearers(names);
  if (worn.length > 0) {
    throw new AiplatError({
      what: `The AppArmor profile ${worn[0]?.name} cannot be removed.`,
      why: `Process ${worn[0]?.pid} wears it and would go on without any.`,
      fix: 'End that process, then run the same command again.',
      exitCode: EXIT.stopped,
    });
  }
  for (const name of names) {
    // What the parser itself does for --remove; it would want a file.
    await writeFile(`${SECURITY_FS}/.remove`, name).catch((thrown: { code?: string }) => {
      if (thrown.code !== 'ENOENT') throw new Error(`${name} cannot be removed: ${messageOf(thrown)}`);
    });
  }
}

async function wearers(names: readonly string[]): Promise<{ name: string; pid: number }[]> {
  const wanted = new Set(names);
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const labels = await Promise.all(pids.map(async (pid) => ({ pid, label: await labelOf(pid) })));
  return labels.flatMap(({ pid, label }) => {
    const name = label?.replace(/ \(\w+\)$/, '') ?? '';
    return wanted.has(name) ? [{ name, pid }] : [];
  });
}

/** `attr/current` belongs to whichever module is first; `attr/apparmor/` is AppArmor's own (Linux, proc(5)). */
async function labelOf(pid: number): Promise<string | undefined> {
  for (const file of ['apparmor/current', 'current']) {
    const text = await readFile(`/proc/${pid}/attr/${file}`, 'utf8').catch(() => undefined);
    if (text !== undefined) return text.replace(/\0/g, '').trim();
  }
  return undefined;
}
