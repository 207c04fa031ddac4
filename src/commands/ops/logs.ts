import { catalog, isNamed } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import { visibleLog } from '../../report/visible.ts';
import { containerName, LABEL } from '../../tenant/names.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter } from '../enter.ts';

export interface LogsOptions extends TenantOptions {
  readonly follow?: boolean;
  /** `10m`, `2h`, `1d`, or an ISO 8601 time. */
  readonly since?: string;
  readonly tail?: number;
}

const DEFAULT_TAIL = 100;

/** Shows the log of one service, the newest lines last; of one with parts, all their logs, each line with its part. */
export async function logs(
  context: Context,
  service: string,
  options: LogsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, report } = context;
  const since = options.since === undefined ? 0 : sinceSeconds(options.since, host.clock.now());
  const { tenant } = await enter(context, options);
  const found = await host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } });
  const containers = requireContainers(found, tenant.name, service);
  const tail: number | 'all' = options.tail ?? (options.since === undefined ? DEFAULT_TAIL : 'all');
  const lines: string[] = [];
  const write = (text: string): void => {
    if (report.terminal.wantsJson) lines.push(text);
    else report.terminal.out(report.terminal.isForPerson ? visibleLog(text) : text);
  };
  const wish = { tail, since, follow: options.follow === true } as const;
  await Promise.all(
    containers.map(async ({ id, labels }) => {
      const named = namedLines(labels[LABEL.service] ?? '', write);
      const isAlone = containers.length === 1;
      await host.docker.streamLogs(id, wish, isAlone ? write : named.write, signal);
      if (!isAlone) named.end();
    }),
  );
  report.document({
    tenant: tenant.name,
    service,
    lines: lines
      .join('')
      .split('\n')
      .filter((line) => line !== ''),
  });
}

/** Whole lines, each behind the name of the service that wrote it. */
function namedLines(name: string, write: (text: string) => void) {
  let rest = '';
  return {
    write: (text: string): void => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) write(`${name} | ${line}\n`);
    },
    end: (): void => {
      if (rest !== '') write(`${name} | ${rest}\n`);
    },
  };
}

function requireContainers(
  found: readonly FoundContainer[],
  tenant: string,
  service: string,
): FoundContainer[] {
  const named = found.filter(({ name }) => name === service);
  if (named.length > 0) return named;
  // The container of a version that failed stands beside the one that came back, under another name.
  const own = found.filter(({ name, labels: { [LABEL.service]: label = '' } }) => {
    const isMeant = isNamed({ name: label, partOf: catalog.get(label)?.partOf }, [service]);
    return isMeant && name === containerName(tenant, label);
  });
  if (own.length > 0) return own;
  const names = found.map(({ labels }) => labels[LABEL.service] ?? '').sort();
  throw refused(
    `${tenant} runs no service ${JSON.stringify(service)}.`,
    names.length === 0 ? 'It runs nothing at all.' : `It runs ${names.join(', ')}.`,
    names.length === 0 ? `Start it: aiplat deploy --tenant ${tenant}` : 'Take one of these names.',
  );
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Unix time in seconds of `10m` ago or of an ISO 8601 time.
 * @throws AiplatError (exit 2) for anything else.
 */
export function sinceSeconds(text: string, now: Date): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined)
    return Math.floor(now.getTime() / 1000) - Number(count) * (UNIT_SECONDS[unit] ?? 1);
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return Math.floor(time / 1000);
  throw refused(
    `--since ${JSON.stringify(text)} is no time.`,
    'It is neither a while ago nor a date.',
    'Write 10m, 2h, 1d or 2026-11-24T10:00:00Z.',
  );
}
