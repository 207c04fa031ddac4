import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '../src/catalog/catalog.ts';
import type { Service } from '../src/catalog/schema.ts';

/** `npm run docs` writes the table of services between these lines of the README; a test compares. */
const BEGIN = '<!-- The catalogue as a table: written by `npm run docs`. -->';
const END = '<!-- End of the table. -->';

const PROJECT = join(import.meta.dirname, '..');
export const README = join(PROJECT, 'README.md');

/** The README with the table that the catalogue makes now. @throws Error when the lines around it are missing. */
export function withServices(readme: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`README.md has no place for the table: ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${servicesTable([...catalog.values()])}\n\n${END}${after}`;
}

export function servicesTable(entries: readonly Service[]): string {
  const units = entries.filter(({ partOf }) => partOf === undefined);
  const rows = units
    .map((unit) => withParts(unit, entries))
    .map((entry) => [
      `**${entry.name}** ${entry.summary}`,
      versionOf(entry),
      addressOf(entry),
      entry.mounts.map(({ dir }) => `\`data/${dir}\``).join(', ') || 'none',
      lockOf(entry),
      [entry.licence, entry.warning ?? ''].join('. ').replace(/\. $/, ''),
      sourcesOf(entry),
    ]);
  const titles = [
    'service',
    'version',
    'address',
    'its data',
    'who may use it',
    'licence, as far as hosting goes',
    'images',
  ];
  return [titles, titles.map(() => '---'), ...rows].map(lineOf).join('\n');
}

const lineOf = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;

/** The tag of the official image is the version that the entry was written for. */
function versionOf({ sources }: Service): string {
  const image = sources.official?.image;
  return image === undefined ? "Debian's" : image.slice(image.lastIndexOf(':') + 1).replace(/^v(?=\d)/, '');
}

/** A service with what its parts have. */
function withParts(unit: Service, entries: readonly Service[]): Service {
  const parts = entries.filter(({ partOf }) => partOf === unit.name);
  const credentials = [unit, ...parts].flatMap((part) => part.credentials);
  return { ...unit, credentials, mounts: uniqueMounts([unit, ...parts]) };
}

const uniqueMounts = (services: readonly Service[]): Service['mounts'] => [
  ...new Map(services.flatMap(({ mounts }) => mounts).map((mount) => [mount.dir, mount])).values(),
];

function addressOf({ name, route, credentials }: Service): string {
  const inside = credentials.find(({ value }) => new RegExp(`(^|//)${name}:\\d`).test(value));
  const outside = name === 'caddy' ? '`https://DOMAIN`' : route && `\`https://${route.subdomain}.DOMAIN\``;
  return [outside, inside && `\`${inside.value}\``].filter(Boolean).join(', ') || 'none';
}

/** What a tenant's own values look like for whoever reads of all tenants. */
const readable = (text: string): string =>
  text
    .replace(/\{\{tenant\.(name|slug|class|domain)\}\}/g, (_whole, key: string) => TENANT[key] ?? key)
    .replace(/\{\{url\.([\w-]+)\}\}/g, 'https://$1.DOMAIN');

const TENANT: Readonly<Record<string, string>> = {
  name: 'tenant-UID',
  slug: 'tenant_UID',
  class: 'TenantUID',
  domain: 'DOMAIN',
};

/** What `credentials` has of users, passwords and keys; in its own words where it has any. */
function lockOf({ credentials }: Service): string {
  const locks = credentials.filter(
    ({ what }) => /\b(user|password|token|key)\b/.test(what) && what !== 'key of its data',
  );
  const words = locks.map(({ what, value }) => {
    if (value.includes('{{secret.')) return `${what} (generated)`;
    if (value.startsWith('none')) return value;
    return `${what} ${/\s/.test(value) ? value : `\`${readable(value)}\``}`;
  });
  return words.join(', ') || 'whoever reaches it: the loopback address and the network are its wall';
}

function sourcesOf({ sources: { official, embedded } }: Service): string {
  const folder = embedded && join(PROJECT, 'templates/images', embedded.image, 'Dockerfile');
  const isOfNpm =
    folder !== undefined && existsSync(folder) && /npm install/.test(readFileSync(folder, 'utf8'));
  return [
    official && (official.derived === undefined ? 'official' : 'official (derived)'),
    embedded && `embedded (${isOfNpm ? 'npm' : 'Debian'})`,
  ]
    .filter(Boolean)
    .join(', ');
}

if (import.meta.main) writeFileSync(README, withServices(readFileSync(README, 'utf8')));
