import { execa } from 'execa';
import { notReady } from '../errors.ts';
import type { CommandResult, Commands } from './host.ts';

const LAST_LINES = 40;

/** PR_SET_PDEATHSIG of prctl(2): the kernel ends the child when its parent is gone. */
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];
/** What setpriv(1) answers when the program is not there. */
const NOT_FOUND = 127;

/** Packages of Debian whose name is not that of their program. */
const PACKAGES: Readonly<Record<string, string>> = {
  'mkfs.ext4': 'e2fsprogs',
  dumpe2fs: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  lsblk: 'util-linux',
  blkid: 'util-linux',
  wipefs: 'util-linux',
  umount: 'mount',
  find: 'findutils',
};

/** Programs of the system, run without a shell and without the caller's environment. */
export const realCommands: Commands = {
  async run(program, args, onLine, { env = {}, endsWithUs = false } = {}): Promise<CommandResult> {
    const last: string[] = [];
    const [started = program, ...words] = endsWithUs
      ? [...DIE_WITH_PARENT, program, ...args]
      : [program, ...args];
    const child = execa(started, words, {
      all: true,
      reject: false,
      buffer: false,
      stdin: 'ignore',
      extendEnv: false,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C.UTF-8',
        HOME: '/root',
        ...env,
      },
    });
    for await (const line of child.iterable({ from: 'all' })) {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      onLine?.(line);
    }
    const { exitCode, code } = await child;
    if (code === 'ENOENT' || (endsWithUs && exitCode === NOT_FOUND)) {
      throw notReady(
        `${program} is not installed.`,
        'aiplat needs it for this command.',
        `Install it: apt-get install ${PACKAGES[program] ?? program}`,
      );
    }
    return { exitCode: exitCode ?? 1, output: last.join('\n') };
  },
};
