import { firewallFault, observeFirewall } from '../firewall/raise.ts';
import type { Host } from '../host/host.ts';
import { observePaths } from '../stack/observe.ts';
import {
  type FoundInstall,
  type Install,
  type InstallRecord,
  NOTHING_INSTALLED,
  parentOf,
  unitOf,
} from './plan.ts';

const TEXT_LIMIT_BYTES = 256 * 1024;

/** Looks at what a host has of what it should have. */
export async function observeInstall(host: Host, install: Install): Promise<FoundInstall> {
  const record = await readRecord(host, install.recordPath);
  const files = [...install.pieces.map(({ path }) => path), ...Object.keys(record.files)];
  const directories = [...install.directories.map(({ path }) => path), ...record.directories];
  const groups = [...install.groups, ...record.groups];
  const timers = install.pieces.filter(({ kind }) => kind === 'timer').map(({ path }) => unitOf(path));
  const [paths, texts, found, hasUnits, enabled, firewall] = await Promise.all([
    observePaths(host, [
      install.recordPath,
      install.stateDir.path,
      ...files,
      ...files.map(parentOf),
      ...directories,
    ]),
    Promise.all(files.map(async (path) => [path, await textOf(host, path)] as const)),
    Promise.all(groups.map(async (name) => ((await host.accounts.group(name)) === undefined ? [] : [name]))),
    host.units.isThere(),
    Promise.all(timers.map(async (unit) => ((await host.units.isEnabled(unit)) ? [unit] : []))),
    install.firewall && observeFirewall(host, install.firewall),
  ]);
  return {
    record,
    paths,
    texts: new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const]))),
    groups: new Set(found.flat()),
    hasUnits,
    enabled: new Set(enabled.flat()),
    firewallFault: firewall && firewallFault(firewall),
  };
}

async function readRecord(host: Host, path: string): Promise<InstallRecord> {
  const text = await host.files.readText(path, TEXT_LIMIT_BYTES);
  return text === undefined ? NOTHING_INSTALLED : (JSON.parse(text) as InstallRecord);
}

/** A link of somebody else's is there, and has no text of ours. */
const textOf = (host: Host, path: string): Promise<string | undefined> =>
  host.files.readText(path, TEXT_LIMIT_BYTES).catch(() => undefined);
