import { dirname } from 'node:path';
import { expand } from '../catalog/expand.ts';
import { EDGE_USER, edgePaths } from '../edge/config.ts';
import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { installRecordPath } from '../tenant/layout.ts';
import {
  type Egress,
  type FirewallEntry,
  type FoundTable,
  isInForce,
  parseTable,
  renderRuleset,
} from './ruleset.ts';

/** The firewall of a host, and one tenant's part of it as it has to be. */
export interface FirewallWish {
  readonly stateDir: string;
  readonly lockPath: string;
  readonly egress: Egress;
  /** Undefined: the host as a whole. */
  readonly tenant: string | undefined;
  /** Undefined: the tenant has none any more. */
  readonly entry: FirewallEntry | undefined;
  /** Does the table stay when no tenant is left? Undefined: as long as the host is one of aiplat's. */
  readonly staysEmpty?: boolean;
  readonly template: string;
  readonly unitTemplate: string;
}

/** What a deploy found of the firewall. */
export interface FoundFirewall {
  readonly hasProgram: boolean;
  /** The file that the next boot loads. */
  readonly file: string | undefined;
  readonly table: FoundTable | undefined;
  /** What the file should hold, with this tenant's part as wished. */
  readonly wanted: string | undefined;
  /** Does the next boot load it? True where no systemd could. */
  readonly isAtBoot: boolean;
}

const UNIT = 'aiplat-firewall.service';
const ENTRY_LIMIT_BYTES = 64 * 1024;
const FILE_LIMIT_BYTES = 4 * 1024 * 1024;
const LOCK_PATIENCE_MS = 60_000;
const ROOT_ONLY = { uid: 0, gid: 0, mode: 0o600 };

export const firewallPath = (stateDir: string): string => `${stateDir}/firewall.nft`;

const entryPath = (stateDir: string, tenant: string): string => `${stateDir}/tenants/${tenant}/firewall.json`;

const entryText = (entry: FirewallEntry): string => `${JSON.stringify(entry)}\n`;

/** Looks at the firewall of the host. */
export async function observeFirewall(host: Host, wish: FirewallWish): Promise<FoundFirewall> {
  const [hasProgram, file, json, others, unit, hasUnits, isEnabled, stays, edgeUid] = await Promise.all([
    host.packetFilter.hasProgram(),
    host.files.readText(firewallPath(wish.stateDir), FILE_LIMIT_BYTES),
    host.packetFilter.table(),
    readEntries(host, wish),
    host.units.text(UNIT),
    host.units.isThere(),
    host.units.isEnabled(UNIT),
    staysEmpty(host, wish),
    readEdgeUid(host, wish.stateDir),
  ]);
  return {
    hasProgram,
    file,
    table: json === undefined ? undefined : parseTable(json),
    wanted: rulesetOf(wish, others, stays, edgeUid),
    isAtBoot: !hasUnits || (isEnabled && unit === unitText(wish)),
  };
}

/**
 * Why the firewall has to be raised anew.
 * @returns undefined when it stands as it should.
 */
export function firewallFault({ wanted, file, table, isAtBoot }: FoundFirewall): string | undefined {
  if (wanted === undefined) return file === undefined && table === undefined ? undefined : 'nobody needs it';
  if (file === undefined) return 'not found';
  if (file !== wanted) return 'changed';
  if (!isInForce(wanted, table)) return table === undefined ? 'not in the kernel' : 'the kernel has another';
  return isAtBoot ? undefined : 'the next boot would not load it';
}

/**
 * Makes the firewall as wished: one text of all tenants' parts, loaded in one transaction. Two deploys at
 * the same moment do it one after the other.
 */
export async function raiseFirewall(host: Host, wish: FirewallWish): Promise<void> {
  const now = host.clock.now().toISOString();
  const holder = { pid: process.pid, command: 'aiplat', user: 'root', since: now };
  const lock = await host.locks.acquire(wish.lockPath, holder, LOCK_PATIENCE_MS);
  if (!('release' in lock)) {
    throw new AiplatError({
      what: 'The firewall of this host is busy.',
      why: `\`${lock.command}\` (pid ${lock.pid}) has been at it since ${lock.since}.`,
      fix: 'Run the same command again; when it stays so, look at that process.',
      exitCode: EXIT.busy,
    });
  }
  try {
    await change(host, wish);
  } finally {
    await lock.release();
  }
}

async function change(host: Host, wish: FirewallWish): Promise<void> {
  const path = firewallPath(wish.stateDir);
  if (wish.tenant !== undefined) await keepEntry(host, wish, entryPath(wish.stateDir, wish.tenant));
  const text = rulesetOf(
    wish,
    await readEntries(host, wish),
    await staysEmpty(host, wish),
    await readEdgeUid(host, wish.stateDir),
  );
  if (text === undefined) {
    await host.units.disable(UNIT);
    await host.packetFilter.remove();
    return host.files.removeTree(path);
  }
  await host.files.writeText(path, text, ROOT_ONLY);
  await host.packetFilter.load(path);
  await host.units.enable(UNIT, unitText(wish));
}

async function keepEntry(host: Host, { entry }: FirewallWish, path: string): Promise<void> {
  if (entry === undefined) return host.files.removeTree(path);
  await host.files.makeDirectory({ path: dirname(path), uid: 0, gid: 0, mode: 0o755 });
  await host.files.writeText(path, entryText(entry), ROOT_ONLY);
}

const staysEmpty = async (host: Host, wish: FirewallWish): Promise<boolean> =>
  wish.staysEmpty ?? (await host.files.stat(installRecordPath(wish.stateDir))) !== undefined;

const unitText = ({ unitTemplate, stateDir }: FirewallWish): string =>
  expand(unitTemplate, { file: () => firewallPath(stateDir) });

/** The user of the edge, on a host that has one. */
async function readEdgeUid(host: Host, stateDir: string): Promise<number | undefined> {
  if ((await host.files.stat(edgePaths(stateDir, '').record)) === undefined) return undefined;
  return (await host.accounts.byName(EDGE_USER))?.uid;
}

/** The entries of all other tenants. */
async function readEntries(host: Host, { stateDir, tenant }: FirewallWish): Promise<FirewallEntry[]> {
  const tenants = (await host.files.list(`${stateDir}/tenants`)).filter((name) => name !== tenant);
  const texts = await Promise.all(
    tenants.map((name) => host.files.readText(entryPath(stateDir, name), ENTRY_LIMIT_BYTES)),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as FirewallEntry]));
}

function rulesetOf(
  { entry, template, egress }: FirewallWish,
  others: readonly FirewallEntry[],
  stays: boolean,
  edgeUid: number | undefined,
): string | undefined {
  const all = entry === undefined ? others : [...others, entry];
  return all.length === 0 && !stays ? undefined : renderRuleset(template, all, egress, edgeUid);
}
