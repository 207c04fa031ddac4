import type { Service, ServiceInput } from './schema.ts';

/** What an entry leaves out. */
const DEFAULTS = { mounts: [], files: [], tmpfs: [], env: {}, ports: [], dependsOn: [], stopGraceMs: 10_000 };

/**
 * An entry with its defaults. Entries are data of ours: the schema checks every one of them in the unit
 * tests, so that no command has to wait for it.
 */
export const defineService = ({ sources, secrets = [], ...entry }: ServiceInput): Service => ({
  ...DEFAULTS,
  ...entry,
  sources: Object.fromEntries(
    Object.entries(sources).map(([kind, source]) => [kind, { capabilities: [], ...source }]),
  ),
  secrets: secrets.map((secret) => ({ identity: false, ...secret })),
});
