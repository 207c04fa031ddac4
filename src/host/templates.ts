import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Templates } from './host.ts';

/** The templates that came with this installation. */
export const templatesIn = (root: string): Templates => ({
  text: (name) => readFile(join(root, name), 'utf8'),
  folder: (name) => join(root, name),
});
