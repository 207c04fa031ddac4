import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { AiplatError, EXIT, refused } from '../errors.ts';
import { realCommands } from './commands.ts';
import { realFiles } from './files.ts';
import { holdersOf } from './mount-holders.ts';
import { parseMountinfo } from './mountinfo.ts';
import type { Fstab, Mount, Mounts } from './storage.ts';
import { reloadUnits } from './units.ts';

const FSTAB = '/etc/fstab';
const HOLDERS_SHOWN = 5;

/** The mounts of this machine. */
export const realMounts: Mounts = { list, mount, remount, unmount, fstab, writeFstab };

async function list(): Promise<readonly Mount[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

async function mount(device: string, target: string, options: readonly string[]): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 });
  // A unit that an older fstab made for this place would unmount it again as soon as its own disk is missing.
  await reloadUnits();
  const args = ['-t', 'ext4', '-o', options.join(','), device, target];
  const { exitCode, output } = await realCommands.run('mount', args);
  if (exitCode !== 0) throw failed(`${device} cannot be mounted at ${target}.`, 'mount', exitCode, output);
}

async function remount(target: string, options: readonly string[]): Promise<void> {
  const { exitCode, output } = await realCommands.run('mount', [
    '-o',
    ['remount', ...options].join(','),
    target,
  ]);
  if (exitCode !== 0) throw failed(`${target} cannot be mounted anew.`, 'mount', exitCode, output);
}

async function unmount(target: string): Promise<void> {
  const { exitCode, output } = await realCommands.run('umount', [target]);
  if (exitCode === 0) return;
  const holders = await holdersOf(target, await list());
  if (holders.length === 0) throw failed(`${target} cannot be unmounted.`, 'umount', exitCode, output);
  const more = holders.length > HOLDERS_SHOWN ? `, and ${holders.length - HOLDERS_SHOWN} more` : '';
  throw new AiplatError({
    what: `${target} is in use and stays mounted.`,
    why: `In the way: ${holders.slice(0, HOLDERS_SHOWN).join(', ')}${more}.`,
    fix: 'End that, then run the same command again.',
    exitCode: EXIT.stopped,
  });
}

const failed = (what: string, program: string, exitCode: number, output: string): AiplatError =>
  new AiplatError({
    what,
    why: `${program} answered ${exitCode}: ${output.trim()}`,
    fix: 'The kernel has its reason at the end of `dmesg`. Then run the same command again.',
    exitCode: EXIT.stopped,
  });

async function fstab(): Promise<Fstab | undefined> {
  const handle = await open(FSTAB, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    (thrown: { code?: string }) => {
      if (thrown.code === 'ENOENT') return undefined;
      throw refused(
        `${FSTAB} cannot be read.`,
        `The kernel says ${thrown.code}.`,
        'Put a plain file there; what generates it on this machine has to write the line of the volume.',
        thrown,
      );
    },
  );
  if (handle === undefined) return undefined;
  try {
    const { uid, gid, mode } = await handle.stat();
    return { text: await handle.readFile('latin1'), uid, gid, mode: mode & 0o7777 };
  } finally {
    await handle.close();
  }
}

async function writeFstab({ text, ...owner }: Fstab): Promise<void> {
  await realFiles.writeText(FSTAB, Buffer.from(text, 'latin1'), owner);
  await reloadUnits();
}
