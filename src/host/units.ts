import { existsSync, lstatSync } from 'node:fs';
import { AiplatError, EXIT } from '../errors.ts';
import { realCommands } from './commands.ts';
import { realFiles } from './files.ts';
import type { Units } from './host.ts';

const UNIT_DIR = '/etc/systemd/system';
/** Where `systemctl enable` puts its links for the units of aiplat (systemd.unit(5), WantedBy=). */
const TARGETS = ['multi-user.target', 'timers.target'];
const LIMIT_BYTES = 64 * 1024;

/** systemd, where it runs this machine (sd_booted(3)). */
export const realUnits: Units = {
  isThere: async () => isThere(),
  text: (unit) => realFiles.readText(unitPath(unit), LIMIT_BYTES),
  isEnabled: async (unit) =>
    TARGETS.some((target) => lstatSync(`${UNIT_DIR}/${target}.wants/${unit}`, { throwIfNoEntry: false })),
  async enable(unit, text): Promise<void> {
    if (!isThere()) return;
    await realFiles.writeText(unitPath(unit), text, { uid: 0, gid: 0, mode: 0o644 });
    await systemctl('daemon-reload');
    await systemctl('enable', '--quiet', unit);
  },
  async start(unit): Promise<void> {
    if (isThere()) await systemctl('start', unit);
  },
  async disable(unit): Promise<void> {
    if (!isThere() || !existsSync(unitPath(unit))) return;
    await systemctl('disable', '--now', '--quiet', unit);
    await realFiles.removeTree(unitPath(unit));
    await systemctl('daemon-reload');
  },
};

const isThere = (): boolean => existsSync('/run/systemd/system');

/** Has systemd, where it runs, read units and fstab anew. */
export async function reloadUnits(): Promise<void> {
  if (isThere()) await systemctl('daemon-reload');
}

export const unitPath = (unit: string): string => `${UNIT_DIR}/${unit}`;

/** @throws AiplatError (exit 1) with systemd's own words. */
export async function systemctl(...args: string[]): Promise<void> {
  const { exitCode, output } = await realCommands.run('systemctl', args);
  if (exitCode === 0) return;
  throw new AiplatError({
    what: 'systemd did not do what aiplat asked it.',
    why: `systemctl ${args.join(' ')} answered ${exitCode}: ${output.trim()}`,
    fix: 'Try it by hand; `journalctl -b` has its reason. Then run the same command again.',
    exitCode: EXIT.stopped,
  });
}
