/**
 * Tags of official images that more than one place names, or that were chosen among several, each with the day of
 * the release or of the last look at it.
 */
export const PINNED = {
  /** 2026-10-26. The maintained fork of MinIO, under the name that it has since August 2026; after SN-2026-011. */
  silo: 'docker.io/pgsty/silo:RELEASE.2026-10-26T00-00-00Z',
  /** 2026-06-11. */
  signal: 'docker.io/bbernhard/signal-cli-rest-api:0.100',
} as const;
