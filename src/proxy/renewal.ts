import type { ServedCertificate } from '../host/host.ts';

/** What is served under one name; undefined when nothing is. */
export interface Served {
  readonly hostname: string;
  readonly certificate: ServedCertificate | undefined;
}

/**
 * Caddy renews when a third of the lifetime is left, and looks every ten minutes (caddyserver/certmagic,
 * DefaultRenewalWindowRatio): with less than a quarter left it did not come to it.
 */
const DUE_RATIO = 1 / 4;
/** From so few days on, somebody has to know. */
export const ALARM_DAYS = 14;
const DAY_MS = 86_400_000;

/** Has this certificate to be renewed now? One that is not served at all has to be made. */
export function isDue({ certificate }: Served, now: Date): boolean {
  if (certificate === undefined) return true;
  const { validFrom, validTo } = certificate;
  const lifetimeMs = validTo.getTime() - validFrom.getTime();
  return validTo.getTime() - now.getTime() < lifetimeMs * DUE_RATIO;
}

/** Does it end so soon that somebody has to know? */
export const isAlarming = ({ certificate }: Served, now: Date): boolean =>
  certificate === undefined || certificate.validTo.getTime() - now.getTime() < ALARM_DAYS * DAY_MS;

/** `n8n.tenant-1001.datasquiz.net until 2026-11-25T10:00:00.000Z`. */
export const servedWords = ({ hostname, certificate }: Served): string =>
  certificate === undefined
    ? `${hostname}: none is served`
    : `${hostname} until ${certificate.validTo.toISOString()}`;

/** The first to end, of those that are served. */
export const firstToEnd = (served: readonly Served[]): Served | undefined =>
  [...served].sort((one, other) => endOf(one) - endOf(other))[0];

const endOf = ({ certificate }: Served): number => certificate?.validTo.getTime() ?? 0;
