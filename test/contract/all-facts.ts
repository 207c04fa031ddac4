import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from './facts.ts';

/** Every facts file: facts/NAME.ts exports the facts of one service or more, under any names. */
export async function allFacts(): Promise<Facts[]> {
  const folder = join(import.meta.dirname, 'facts');
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const modules = await Promise.all(
    names.sort().map((name) => import(join(folder, name)) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module)).filter(isFacts);
}

const isFacts = (value: unknown): value is Facts =>
  typeof value === 'object' && value !== null && 'service' in value;
