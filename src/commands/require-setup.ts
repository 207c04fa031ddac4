import { notReady } from '../errors.ts';
import type { Stack } from '../stack/stack.ts';
import { baseDirectories } from '../tenant/layout.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';

/** @throws AiplatError (exit 3) when a directory of the tenant is missing. */
export async function requireSetup({ host }: Context, { tenant }: Place, stack: Stack): Promise<void> {
  const wanted = baseDirectories(tenant, stack.domain).map(({ path }) => path);
  const found = await Promise.all(wanted.map((path) => host.files.stat(path)));
  const missing = wanted.filter((_, at) => found[at]?.kind !== 'directory');
  if (missing.length === 0) return;
  throw notReady(
    `${tenant.name} is not set up completely.`,
    `Missing: ${missing.join(', ')}.`,
    `Run: aiplat setup --tenant ${tenant.name}`,
  );
}
