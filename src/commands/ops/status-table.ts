import type { ChalkInstance } from 'chalk';
import type { Health } from '../../host/docker.ts';
import { table } from '../../report/table.ts';

/** One service, as status shows it. */
export interface StatusRow {
  readonly service: string;
  /** The service that it is a part of. */
  readonly partOf?: string | undefined;
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

/** A service with parts gets a row for all of them, and they stand below it. */
export function statusTable(services: readonly StatusRow[], paint: ChalkInstance): string[] {
  const rows = services
    .filter(({ partOf }) => !services.some(({ service }) => service === partOf))
    .flatMap((row) => withParts(row, services));
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

function withParts(head: StatusRow, services: readonly StatusRow[]): StatusRow[] {
  const parts = services.filter(({ partOf }) => partOf === head.service);
  if (parts.length === 0) return [head];
  const all = [head, ...parts];
  const running = all.filter(({ state }) => state === 'running').length;
  const unit: StatusRow = {
    ...head,
    state: running === all.length ? 'running' : `${running} of ${all.length} run`,
    health: WORST_FIRST.find((one) => all.some(({ health }) => health === one)) ?? 'none',
    since: '',
    cpus: sum(all.map(({ cpus }) => cpus)),
    memoryBytes: sum(all.map(({ memoryBytes }) => memoryBytes)),
    image: `${all.length} parts`,
    isConfined: all.every(({ isConfined }) => isConfined === undefined)
      ? undefined
      : all.every(({ isConfined }) => isConfined === true),
    isWell: all.every(({ isWell }) => isWell),
  };
  return [unit, ...all.map((part) => ({ ...part, service: `  ${part.service}`, address: undefined }))];
}

const WORST_FIRST: readonly Health[] = ['unhealthy', 'starting', 'none', 'healthy'];

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.every((value) => value === undefined)
    ? undefined
    : values.reduce<number>((all, value) => all + (value ?? 0), 0);

export const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
