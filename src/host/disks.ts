import { existsSync } from 'node:fs';
import { AiplatError, EXIT, notReady } from '../errors.ts';
import { realCommands } from './commands.ts';
import { LSBLK_ARGS, parseLsblk } from './lsblk.ts';
import type { Disk, DiskContents, Disks, Ext4 } from './storage.ts';

/** The disks of the machine, through the programs of util-linux and e2fsprogs. */
export const realDisks: Disks = { list, contents, makeExt4, growExt4 };

/** blkid(8): nothing was found. */
const NOTHING = 2;

/** The whole output, of which `run` keeps the end alone. */
async function outputOf(program: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const { exitCode } = await realCommands.run(program, args, (line) => lines.push(line));
  return { code: exitCode, text: lines.join('\n') };
}

async function list(): Promise<readonly Disk[]> {
  const { code, text } = await outputOf('lsblk', LSBLK_ARGS);
  if (code !== 0)
    throw unreadable('The disks of this machine cannot be listed.', `lsblk answered ${code}: ${text}`);
  return parseLsblk(text);
}

/**
 * Two programs look, because what one of them overlooks mkfs.ext4 would overwrite without a word. Both
 * read the disk itself, not what udev remembers of it.
 */
async function contents(path: string): Promise<DiskContents> {
  const [probed, wipe] = await Promise.all([
    outputOf('blkid', ['--probe', '--output', 'export', path]),
    outputOf('wipefs', ['--no-act', '--noheadings', '--output', 'TYPE', path]),
  ]);
  if (wipe.code !== 0) throw unreadable(`${path} cannot be read.`, wipe.text);
  const facts = new Map(
    [...probed.text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
  const seen = wipe.text.split('\n').map((line) => line.trim());
  const signatures = new Set([...seen, facts.get('TYPE') ?? '', facts.get('PTTYPE') ?? ''].filter(Boolean));
  // Whatever else blkid answers, it has not said that nothing is there.
  if (probed.code !== NOTHING && signatures.size === 0) signatures.add('something that blkid cannot name');
  const isExt4Alone = signatures.size === 1 && signatures.has('ext4');
  return {
    signatures: [...signatures],
    ext4: isExt4Alone ? await ext4Of(path, facts.get('LABEL') ?? '', facts.get('UUID') ?? '') : undefined,
  };
}

async function ext4Of(path: string, label: string, uuid: string): Promise<Ext4> {
  const { code, text } = await outputOf('dumpe2fs', ['-h', path]);
  if (code !== 0) throw unreadable(`The file system on ${path} cannot be read.`, text);
  const value = (key: string): number => Number(new RegExp(`^${key}: +(\\d+)$`, 'm').exec(text)?.[1]);
  const blockBytes = value('Block size');
  return {
    label,
    uuid,
    sizeBytes: value('Block count') * blockBytes,
    groupBytes: value('Blocks per group') * blockBytes,
  };
}

/** Without a terminal mkfs.ext4 overwrites any file system that is not mounted, so this looks once more. */
async function makeExt4(path: string, label: string, uuid: string): Promise<void> {
  const { signatures } = await contents(path);
  if (signatures.length > 0) {
    throw failed(
      `${path} is not blank any more.`,
      `It holds ${signatures.join(', ')} now; it was blank a moment ago.`,
    );
  }
  await must('mkfs.ext4', ['-q', '-L', label, '-U', uuid, '-E', 'root_owner=0:0', path]);
  await tellUdev(path);
}

/**
 * systemd unmounts at once what is mounted by the UUID of a disk that udev has not seen yet: the mount is
 * bound to /dev/disk/by-uuid/… (systemd.mount(5), "Implicit Dependencies").
 */
async function tellUdev(path: string): Promise<void> {
  if (!existsSync('/run/udev/control')) return;
  await realCommands.run('udevadm', ['trigger', '--action=change', '--settle', path]);
}

function growExt4(path: string): Promise<void> {
  return must('resize2fs', [path]);
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { exitCode, output } = await realCommands.run(program, args);
  if (exitCode !== 0)
    throw failed(
      `${program} did not do its work on ${args.at(-1)}.`,
      `It answered ${exitCode}: ${output.trim()}`,
    );
}

const LOOK = 'Look at the disk with `lsblk -f` and at the end of `dmesg`, then run the same command again.';

const unreadable = (what: string, why: string): AiplatError => notReady(what, why, LOOK);

const failed = (what: string, why: string): AiplatError =>
  new AiplatError({ what, why, fix: LOOK, exitCode: EXIT.stopped });
