import type { ChalkInstance } from 'chalk';
import type { Health } from '../../host/docker.ts';
import { table } from '../../report/table.ts';

/** One service, as status shows it. */
export interface StatusRow {
  readonly service: string;
  readonly container: string;
  readonly state: string;
  readonly health: Health;
  readonly since: string;
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly address: string | undefined;
  readonly image: string | undefined;
  /** The AppArmor label of its process; undefined when it cannot be seen or the host goes without. */
  readonly label: string | undefined;
  readonly isConfined: boolean | undefined;
  readonly isWell: boolean;
}

const CONFINED = {
  title: 'confined',
  cell: ({ isConfined, label }: StatusRow): string =>
    isConfined === undefined ? '–' : isConfined ? 'yes' : `NO: ${label || 'no profile'}`,
};

export function statusTable(rows: readonly StatusRow[], paint: ChalkInstance): string[] {
  const coloured = (row: StatusRow, text: string): string =>
    row.isWell ? paint.green(text) : paint.red(text);
  return table(
    [
      { title: 'service', cell: ({ service }) => service },
      { title: 'state', cell: (row) => coloured(row, row.state) },
      { title: 'health', cell: (row) => coloured(row, row.health) },
      ...(rows.some(({ isConfined }) => isConfined !== undefined) ? [CONFINED] : []),
      { title: 'uptime', cell: ({ since }) => since.replace(/^Up /, '') || '–' },
      {
        title: 'cpu',
        cell: ({ cpus }) => (cpus === undefined ? '–' : `${(cpus * 100).toFixed(1)} %`),
        align: 'right',
      },
      { title: 'memory', cell: ({ memoryBytes }) => mebibytes(memoryBytes), align: 'right' },
      { title: 'address', cell: ({ address }) => address ?? '–' },
      { title: 'image', cell: ({ image }) => image ?? '–' },
    ],
    rows,
  );
}

export const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
