import { readFile, writeFile } from 'node:fs/promises';
import type { Sysctl } from './host.ts';

const pathOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

/** Settings of the kernel, below /proc/sys. */
export const realSysctl: Sysctl = {
  async get(name): Promise<string | undefined> {
    return readFile(pathOf(name), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  },
  set: (name, value) => writeFile(pathOf(name), `${value}\n`),
};
