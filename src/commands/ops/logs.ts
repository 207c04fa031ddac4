import { catalog, isNamed } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import { holds, inOrder, type LogLine, lineFilter, logLines } from '../../report/log-lines.ts';
import { visibleLog } from '../../report/visible.ts';
import { containerName, LABEL } from '../../tenant/names.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter } from '../enter.ts';

export interface LogsOptions extends TenantOptions {
  readonly follow?: boolean;
  /** `10m`, `2h`, `1d`, or an ISO 8601 time. */
  readonly since?: string;
  readonly tail?: number;
  /** Lines that hold these words alone. */
  readonly grep?: string;
}

const DEFAULT_TAIL = 100;

/**
 * Shows the logs of services, or of all of them: of one as it is, of several in the order of time, each line behind
 * the name of its service.
 */
export async function logs(
  context: Context,
  services: readonly string[],
  options: LogsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, report } = context;
  const since = options.since === undefined ? 0 : sinceSeconds(options.since, host.clock.now());
  const { tenant } = await enter(context, options);
  const found = await host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } });
  const containers = meantContainers(found, tenant.name, services);
  const tail: number | 'all' = options.tail ?? (options.since === undefined ? DEFAULT_TAIL : 'all');
  const wish: Wish = { containers, since, tail, words: options.grep };
  if (options.follow === true) return follow(context, wish, signal);
  const lines = await gather(context, wish, signal);
  report.document({ tenant: tenant.name, lines });
  const isAlone = containers.length === 1;
  for (const { service, text } of lines) show(context, `${isAlone ? '' : `${service} | `}${text}\n`);
}

interface Wish {
  readonly containers: readonly FoundContainer[];
  readonly since: number;
  readonly tail: number | 'all';
  readonly words: string | undefined;
}

const nameOf = ({ labels }: FoundContainer): string => labels[LABEL.service] ?? '';

function show({ report: { terminal } }: Context, text: string): void {
  if (!terminal.wantsJson) terminal.out(terminal.isForPerson ? visibleLog(text) : text);
}

/** One log after the other, because a whole one has up to 30 MB: only lines that are meant are kept. */
async function gather(
  { host }: Context,
  { containers, since, tail, words }: Wish,
  signal: AbortSignal,
): Promise<LogLine[]> {
  const kept: LogLine[] = [];
  const query = { tail: words === undefined ? tail : 'all', since, follow: false, timestamps: true } as const;
  for (const container of containers) {
    let log = '';
    await host.docker.streamLogs(container.id, query, (text) => (log += text), signal);
    kept.push(
      ...inOrder(
        logLines(nameOf(container), log).filter(({ text }) => holds(text, words)),
        tail,
      ),
    );
  }
  return inOrder(kept, tail);
}

/** Shows lines as they come, until the services or the reader end it. */
async function follow(context: Context, wish: Wish, signal: AbortSignal): Promise<void> {
  const { containers, since, tail, words } = wish;
  if (context.report.terminal.wantsJson) {
    throw refused(
      '--follow and --json do not go together.',
      'One document has an end, and what is followed has none.',
      'Leave one of them away.',
    );
  }
  await Promise.all(
    containers.map(async (container) => {
      const name = containers.length === 1 ? undefined : nameOf(container);
      const filter = lineFilter(name, words, (text) => show(context, text));
      const query = { tail, since, follow: true, timestamps: false };
      await context.host.docker.streamLogs(container.id, query, filter.write, signal);
      filter.end();
    }),
  );
}

/** The containers of these services, or of all that the tenant has, each once. */
function meantContainers(
  found: readonly FoundContainer[],
  tenant: string,
  services: readonly string[],
): FoundContainer[] {
  if (services.length > 0)
    return [...new Set(services.flatMap((service) => requireContainers(found, tenant, service)))];
  const own = found.filter((one) => one.name === containerName(tenant, nameOf(one)));
  if (own.length > 0) return own;
  throw refused(
    `${tenant} runs no service.`,
    'It runs nothing at all.',
    `Start it: aiplat deploy --tenant ${tenant}`,
  );
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
