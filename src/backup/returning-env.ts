import type { Service } from '../catalog/schema.ts';
import { mergeEnv, readEnv } from '../tenant/env-file.ts';

/** The `.env` of the snapshot, with the keys that came with later releases as they are now. */
export function wholeEnv(saved: string, current: string | undefined): string {
  const known = readEnv(saved);
  const lines = Object.entries(readEnv(current ?? ''))
    .filter(([key]) => !(key in known))
    .map(([key, value]) => ({ key, value }));
  return lines.length === 0 ? saved : mergeEnv(saved, [{ title: 'Newer than the backup', notes: [], lines }]);
}

/** The `.env` of now, with the keys without which the returning data cannot be read. */
export function partEnv(saved: string, current: string, services: readonly Service[]): string {
  const values = readEnv(saved);
  const lines = services
    .flatMap(({ secrets }) => secrets)
    .flatMap(({ key, identity }) => {
      const value = values[key];
      return identity && value !== undefined ? [{ key, value }] : [];
    });
  return mergeEnv(current, [{ title: 'Secrets', notes: [], lines }]);
}
