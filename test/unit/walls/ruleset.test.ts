import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Egress,
  type FirewallEntry,
  isInForce,
  parseTable,
  renderRuleset,
} from '../../../src/firewall/ruleset.ts';
import { TEMPLATES_DIR } from '../sample.ts';

const template = readFileSync(join(TEMPLATES_DIR, 'firewall/aiplat.nft'), 'utf8');
const ENTRIES: readonly FirewallEntry[] = [
  { uid: 1278, bridge: 'aip-1278', ports: [{ address: '127.0.1.1', port: 5002 }] },
  {
    uid: 1001,
    bridge: 'aip-1001',
    ports: [
      { address: '127.0.0.1', port: 5002 },
      { address: '127.0.0.1', port: 5043 },
    ],
  },
];
const render = (entries = ENTRIES, egress: Egress = 'open') => renderRuleset(template, entries, egress);

const NFT = '/usr/sbin/nft';
const canFilter = existsSync(NFT) && process.getuid?.() === 0;

/** Loads a text in a network namespace of its own and reads it back as JSON. */
const loaded = (text: string): string =>
  execFileSync('unshare', ['-n', 'sh', '-c', `${NFT} -f - && ${NFT} --json list table inet aiplat`], {
    input: text,
    encoding: 'utf8',
  });

describe('the ruleset', () => {
  it('is as it was agreed', async () => {
    await expect(render()).toMatchFileSnapshot(join(import.meta.dirname, '../golden/aiplat.nft'));
  });

  it('does not depend on who was set up first', () => {
    expect(render([...ENTRIES].reverse())).toBe(render());
  });

  it.runIf(canFilter).each<[string, readonly FirewallEntry[], Egress]>([
    ['of two tenants', ENTRIES, 'open'],
    ['of nobody', [], 'open'],
    ['with no way out', ENTRIES, 'closed'],
    ['with a way to some networks', ENTRIES, ['203.0.113.0/24', '198.51.100.7/32']],
  ])('%s is what the kernel says after a load', (_what, entries, egress) => {
    const text = render(entries, egress);
    execFileSync(NFT, ['-c', '-f', '-'], { input: text });
    expect(isInForce(text, parseTable(loaded(text)))).toBe(true);
  });

  it.runIf(canFilter)('lets the edge speak to the ports that are meant for it, and to no others', () => {
    const entries = ENTRIES.map((entry) => ({ ...entry, edge: [5043] }));
    const text = renderRuleset(template, entries, 'open', 980);
    expect(text).toContain('uid; elements = { 127.0.0.1 . 5043 . 980 } }');
    const table = parseTable(loaded(text));
    expect(isInForce(text, table)).toBe(true);
    expect(isInForce(renderRuleset(template, entries, 'open', 981), table)).toBe(false);
    expect(isInForce(render(entries), table)).toBe(false);
  });

  it.runIf(canFilter)('is not in force when a rule, an owner or the whole table is another', () => {
    const text = render();
    const table = parseTable(loaded(text));
    const without = (line: RegExp): string => text.replace(line, '');
    for (const other of [
      render([...ENTRIES].slice(1)),
      render(ENTRIES, 'closed'),
      without(/^.*oifname "aip-\*" counter drop\n/m),
    ]) {
      expect(isInForce(text, parseTable(loaded(other)))).toBe(false);
    }
    expect(isInForce(text, undefined)).toBe(false);
    expect(isInForce(text, table)).toBe(true);
  });

  it.each<FirewallEntry>([
    { uid: 1001, bridge: 'aip-1001" accept #', ports: [] },
    { uid: 1001, bridge: 'eth0', ports: [] },
    { uid: 1001.5, bridge: 'aip-1001', ports: [] },
    { uid: 1001, bridge: 'aip-1001', ports: [{ address: '0.0.0.0', port: 5002 }] },
    { uid: 1001, bridge: 'aip-1001', ports: [{ address: '127.0.0.1', port: '1 } accept' as never }] },
  ])('takes no %j', (entry) => {
    expect(() => render([entry])).toThrow('cannot stand in the firewall');
  });

  it.each(['0.0.0.0/0 } accept #', 'internet', '10.0.0.0/33'])('takes no way out called %j', (network) => {
    expect(() => render(ENTRIES, [network])).toThrow();
  });
});
