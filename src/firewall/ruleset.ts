import { createHash } from 'node:crypto';
import { expand } from '../catalog/expand.ts';
import { cidrRange } from '../tenant/numbers.ts';

/** What the firewall has to know of one tenant. Made by aiplat, kept where no tenant can write. */
export interface FirewallEntry {
  readonly uid: number;
  readonly bridge: string;
  readonly ports: readonly { readonly address: string; readonly port: number }[];
  /** Those of them that the edge of the host may speak to. */
  readonly edge?: readonly number[];
}

/** Which of the world containers may reach: all, nothing, or these networks. */
export type Egress = 'open' | 'closed' | readonly string[];

const BRIDGE = /^aip-[1-9]\d{3,4}$/;
const ADDRESS = /^127\.0\.\d{1,3}\.1$/;

/**
 * The whole table of a host as nft reads it: one text, one transaction.
 * @param edgeUid whose the edge of the host is; undefined when it has none.
 * @throws Error for an entry that no tenant can have: it would be another rule than it looks like.
 */
export function renderRuleset(
  template: string,
  entries: readonly FirewallEntry[],
  egress: Egress,
  edgeUid?: number,
): string {
  const sorted = [...entries].sort((one, other) => one.uid - other.uid);
  sorted.forEach(requireEntry);
  const ports = sorted.flatMap(({ uid, ports }) =>
    ports.map(({ address, port }) => ({ uid, address, port })),
  );
  const parts: Readonly<Record<string, string>> = {
    published: elements(ports.map(({ address, port }) => `${address} . ${port}`)),
    owners: elements(ports.map(({ address, port, uid }) => `${address} . ${port} . ${uid}`)),
    visitors: elements(edgeUid === undefined ? [] : visitorsOf(sorted, edgeUid)),
    bridges: elements(sorted.map(({ bridge, uid }) => `"${bridge}" . ${uid}`)),
    homes: elements(sorted.map(({ bridge }) => `"${bridge}" . "${bridge}"`)),
    tenants: elements(sorted.map(({ uid }) => String(uid))),
    egress: egressRule(egress),
  };
  const fill = (version: string): string =>
    expand(
      template,
      Object.fromEntries(Object.entries({ ...parts, version }).map(([key, text]) => [key, () => text])),
    );
  return fill(createHash('sha256').update(fill('')).digest('hex').slice(0, 12));
}

const visitorsOf = (entries: readonly FirewallEntry[], uid: number): string[] =>
  entries.flatMap(({ ports, edge = [] }) =>
    ports
      .filter(({ port }) => edge.includes(port))
      .map(({ address, port }) => `${address} . ${port} . ${uid}`),
  );

/** nft knows no empty list. */
const elements = (items: readonly string[]): string =>
  items.length === 0 ? '' : `elements = { ${items.join(', ')} }`;

function egressRule(egress: Egress): string {
  if (egress === 'open') return '';
  if (egress === 'closed' || egress.length === 0)
    return '    # The host config closes the way out.\n    iifname "aip-*" counter drop\n';
  egress.forEach(cidrRange);
  return `    # The host config names what may be reached.\n    iifname "aip-*" ip daddr != { ${egress.join(', ')} } counter drop\n`;
}

function requireEntry({ uid, bridge, ports }: FirewallEntry): void {
  const isPlain =
    Number.isInteger(uid) &&
    BRIDGE.test(bridge) &&
    ports.every(({ address, port }) => ADDRESS.test(address) && Number.isInteger(port));
  if (!isPlain) throw new Error(`${JSON.stringify({ uid, bridge, ports })} cannot stand in the firewall`);
}

/** The table that the kernel has. */
export interface FoundTable {
  /** Rules of each chain. */
  readonly rules: Readonly<Record<string, number>>;
  /** Elements of the set `owners`, such as `127.0.0.1 . 5002 . 1001`. */
  readonly owners: ReadonlySet<string>;
  /** Elements of the set `visitors`, likewise. */
  readonly visitors: ReadonlySet<string>;
}

/**
 * Is what the kernel has what this text says? Compared by the text's own name, by the number of rules in
 * each chain, by the owners of every port and by who may visit it.
 */
export function isInForce(text: string, found: FoundTable | undefined): boolean {
  if (found === undefined) return false;
  const wanted = rulesOf(text);
  return (
    Object.entries(wanted).every(([chain, count]) => found.rules[chain] === count) &&
    Object.keys(found.rules).length === Object.keys(wanted).length &&
    isSameSet(elementsOf(text, 'owners'), found.owners) &&
    isSameSet(elementsOf(text, 'visitors'), found.visitors)
  );
}

const isSameSet = (wanted: readonly string[], found: ReadonlySet<string>): boolean =>
  wanted.length === found.size && wanted.every((element) => found.has(element));

function rulesOf(text: string): Record<string, number> {
  const chains = [...text.matchAll(/^ {2}chain (\w+) \{(?: \}|\n([\s\S]*?)^ {2}\})/gm)];
  return Object.fromEntries(
    chains.map(([, chain = '', body = '']) => [
      chain,
      body.split('\n').filter((line) => /^ {4}[^#\s]/.test(line) && !line.includes(' hook ')).length,
    ]),
  );
}

const elementsOf = (text: string, set: 'owners' | 'visitors'): string[] =>
  (new RegExp(`set ${set} .*elements = \\{ (.*?) \\}`).exec(text)?.[1] ?? '')
    .split(', ')
    .filter((one) => one !== '');

/** Reads what `nft --json list table` prints (libnftables-json(5)). */
export function parseTable(json: string): FoundTable {
  const { nftables = [] } = JSON.parse(json) as { nftables?: readonly NftObject[] };
  const rules: Record<string, number> = {};
  for (const { chain } of nftables) if (chain !== undefined) rules[chain.name] = 0;
  for (const { rule } of nftables) if (rule !== undefined) rules[rule.chain] = (rules[rule.chain] ?? 0) + 1;
  const elementsIn = (name: string): ReadonlySet<string> =>
    new Set(
      (nftables.find(({ set }) => set?.name === name)?.set?.elem ?? []).map((element) =>
        (element.concat ?? []).join(' . '),
      ),
    );
  return { rules, owners: elementsIn('owners'), visitors: elementsIn('visitors') };
}

interface NftObject {
  readonly chain?: { readonly name: string };
  readonly rule?: { readonly chain: string };
  readonly set?: {
    readonly name: string;
    readonly elem?: readonly { readonly concat?: readonly (string | number)[] }[];
  };
}
