import { unescaped } from '../volumes/fstab.ts';
import type { Mount } from './storage.ts';

/** Reads /proc/self/mountinfo: fields by blanks, then optional ones up to a dash, then type and source. */
export function parseMountinfo(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , number = '', root = '', target = '', options = ''] = line.split(' ');
      const [, source = ''] = line.slice(line.indexOf(' - ') + 3).split(' ');
      return {
        number,
        root: unescaped(root),
        target: unescaped(target),
        options: options.split(','),
        source: unescaped(source),
      };
    });
}
