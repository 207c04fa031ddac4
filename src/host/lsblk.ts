import type { Disk } from './storage.ts';

interface Row {
  readonly path: string;
  readonly type: string;
  readonly serial: string | null;
  readonly uuid: string | null;
  readonly size: number;
  readonly ro: boolean;
  readonly 'maj:min': string;
  readonly children?: readonly Row[];
}

export const LSBLK_ARGS = ['--json', '--bytes', '--output', 'PATH,TYPE,SERIAL,UUID,SIZE,RO,MAJ:MIN'];

/** Compressed memory, which the kernel calls a disk as well. */
const isMemory = ({ path }: Row): boolean => path.startsWith('/dev/zram');

/** Reads the JSON of lsblk: whole disks, with what lies on them. Warnings may stand before it. */
export function parseLsblk(output: string): Disk[] {
  const { blockdevices } = JSON.parse(output.slice(output.indexOf('{'))) as { blockdevices: readonly Row[] };
  return blockdevices
    .filter((row) => (row.type === 'disk' || row.type === 'loop') && !isMemory(row))
    .map((row) => ({
      path: row.path,
      serial: row.serial?.trim() || undefined,
      kind: row.type === 'loop' ? 'loop' : 'disk',
      number: row['maj:min'],
      sizeBytes: row.size,
      isReadOnly: row.ro,
      uuid: row.uuid ?? undefined,
      children: (row.children ?? []).map(({ path, type }) => ({ path, kind: type })),
    }));
}
