import { readFile } from 'node:fs/promises';

const ROOT = '/sys/fs/cgroup';

/** The places where a control group may have its files: one in v2, one a controller in v1. */
export function groupDirectories(group: string, controllers: readonly string[]): string[] {
  const path = group.startsWith('/') ? group : `/${group}`;
  return [`${ROOT}${path}`, ...controllers.map((controller) => `${ROOT}/${controller}${path}`)];
}

/** `aiplat-1001.slice` lies in `aiplat.slice`: dashes are levels (systemd.slice(5)). */
export function slicePath(parent: string): string {
  if (!parent.endsWith('.slice')) return parent;
  const parts = parent.slice(0, -'.slice'.length).split('-');
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('-')}.slice`).join('');
}

/** The text of the first file of this name that is there. */
export async function readFirst(directories: readonly string[], name: string): Promise<string | undefined> {
  for (const directory of directories) {
    const text = await readFile(`${directory}/${name}`, 'utf8').catch(() => undefined);
    if (text !== undefined) return text.trim();
  }
  return undefined;
}
