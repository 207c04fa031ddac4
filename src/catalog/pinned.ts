/**
 * Tags of official images that more than one place names, or that were chosen among several, each with the day of
 * the release or of the last look at it.
 */
export const PINNED = {
  /** 2026-10-26. The maintained fork of MinIO, under the name that it has since August 2026; after SN-2026-011. */
  silo: 'docker.io/pgsty/silo:RELEASE.2026-10-26T00-00-00Z',
  /** 2026-06-11. */
  signal: 'docker.io/bbernhard/signal-cli-rest-api:0.100',
  /** 2026-08-18. */
  anythingllm: 'docker.io/mintplexlabs/anythingllm:1.16.1',
  /** 2026-09-10, all three: what Dify's compose file of 1.17.1 names together. */
  difyApi: 'docker.io/langgenius/dify-api:1.17.1',
  difyWeb: 'docker.io/langgenius/dify-web:1.17.1',
  difyPluginDaemon: 'docker.io/langgenius/dify-plugin-daemon:0.6.10-local',
  /** 2026-11-25, the LTS track: Dify's compose file names no tag. */
  squid: 'docker.io/ubuntu/squid:6.6-24.04_beta',
} as const;
