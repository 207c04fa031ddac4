import { PORT_KEYS, type PortKey } from '../ports/block.ts';
import type { EnvLine, EnvSection, EnvValues } from './env-file.ts';
import { envKeys, identityValues, type KeyContext, PROVIDER_KEYS, type Section } from './env-keys.ts';
import type { Tenant } from './identity.ts';
import { generateSecret, type RandomBytes } from './secret.ts';

/** What somebody chose on the command line or at a prompt; undefined keeps what the `.env` has. */
export interface EnvChoices {
  readonly domain: string | undefined;
  readonly vectorDb: string | undefined;
  readonly services: readonly string[] | undefined;
}

/** What a first `.env` gets where nobody chose. */
export interface EnvDefaults {
  readonly vectorDb: string;
  readonly services: readonly string[];
}

export interface EnvPlanInput {
  readonly tenant: Tenant;
  readonly existing: EnvValues;
  readonly choices: EnvChoices;
  readonly defaults: EnvDefaults;
  readonly ports: Readonly<Record<PortKey, number>>;
  readonly keys: KeyContext;
  readonly random: RandomBytes;
}

const TITLES: readonly (readonly [Section, string, readonly string[]])[] = [
  [
    'Tenant',
    'Tenant Configuration',
    ['These follow from the UID, but for DOMAIN_NAME: change that with `aiplat setup --domain`.'],
  ],
  ['User', 'User Isolation', []],
  ['Network', 'Network', []],
  [
    'Ports',
    'Port Configuration',
    ['Published on LOCALHOST alone. aiplat moves a port that another program took.'],
  ],
  ['Vector', 'Vector DB', []],
  ['AppArmor', 'AppArmor', []],
  [
    'Tailscale',
    'Tailscale',
    [
      'An auth key from the admin console of Tailscale. Where Tailscale is to be had, OpenClaw is left out without one.',
    ],
  ],
  ['Services', 'Services', ['What `aiplat deploy` runs; what a service needs comes by itself.']],
  [
    'Secrets',
    'Secrets',
    ['Made once. Whoever has them has the data. `aiplat ops credentials --rotate KEY` changes one.'],
  ],
  ['Providers', 'Model providers', ['Empty means: not used.']],
];

/**
 * The `.env` that a tenant should have: what follows from the UID, what was chosen now or earlier, and a
 * secret for every key that has none yet. What the tenant wrote stays as it is.
 */
export function wantedSections(input: EnvPlanInput): EnvSection[] {
  const values = wantedValues(input);
  const keys = envKeys(input.tenant, input.keys);
  return TITLES.map(([section, title, notes]) => ({
    title,
    notes,
    lines: keys
      .filter((entry) => entry.section === section)
      .map(({ key }): EnvLine => ({ key, value: values[key] ?? '' })),
  }));
}

function wantedValues({ tenant, existing, choices, defaults, ports, keys, random }: EnvPlanInput): EnvValues {
  const kept = (key: string, otherwise: string): string => existing[key] ?? otherwise;
  const chosen = (choice: string | undefined, key: string, otherwise: string): string =>
    choice ?? kept(key, otherwise);
  return {
    ...identityValues(tenant),
    ...Object.fromEntries(PORT_KEYS.map((key) => [key, String(ports[key])])),
    DOMAIN_NAME: chosen(choices.domain, 'DOMAIN_NAME', tenant.domain),
    VECTOR_DB: chosen(choices.vectorDb, 'VECTOR_DB', defaults.vectorDb),
    SERVICES: chosen(choices.services?.join(','), 'SERVICES', defaults.services.join(',')),
    TAILSCALE_AUTH_KEY: kept('TAILSCALE_AUTH_KEY', ''),
    TAILSCALE_HOSTNAME: kept('TAILSCALE_HOSTNAME', `openclaw-${tenant.name}`),
    ...Object.fromEntries(
      keys.secrets.map(({ key, format }) => [key, existing[key] ?? generateSecret(format, random)]),
    ),
    ...Object.fromEntries(PROVIDER_KEYS.map((key) => [key, kept(key, '')])),
  };
}

/** Which keys a merge adds and which values it changes. */
export interface EnvChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

export function envChanges(existing: EnvValues, sections: readonly EnvSection[]): EnvChanges {
  const lines = sections.flatMap((section) => section.lines);
  return {
    added: lines.filter(({ key }) => !(key in existing)).map(({ key }) => key),
    changed: lines
      .filter(({ key, value }) => key in existing && existing[key] !== value)
      .map(({ key }) => key),
  };
}

/** The ports that a `.env` has chosen, as far as they are whole numbers. */
export function chosenPorts(existing: EnvValues): Partial<Record<PortKey, number>> {
  return Object.fromEntries(
    PORT_KEYS.flatMap((key) => (/^\d+$/.test(existing[key] ?? '') ? [[key, Number(existing[key])]] : [])),
  );
}
