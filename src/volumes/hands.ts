import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Step } from '../stack/step.ts';
import { withLine, withoutLine } from './fstab.ts';
import { FSTAB, type FstabWish } from './plan.ts';

/** Steps on disks and mounts. */
export type VolumeStep = Extract<
  Step,
  { do: 'make file system' | 'write fstab' | 'mount volume' | 'grow file system' | 'unmount volume' }
>;

/** Does one of them; it decides nothing. */
export async function volumeHands(step: VolumeStep, host: Host): Promise<void> {
  const { disks, mounts } = host;
  switch (step.do) {
    case 'make file system':
      return disks.makeExt4(step.target, step.label, step.uuid);
    case 'write fstab':
      return writeFstab(host, step.wish);
    case 'mount volume':
      return step.isMounted
        ? mounts.remount(step.target, step.options)
        : mounts.mount(step.device, step.target, step.options);
    case 'grow file system':
      return disks.growExt4(step.target);
    case 'unmount volume':
      return mounts.unmount(step.target);
  }
}

/** Writing a small file takes a moment. */
const LOCK_PATIENCE_MS = 30_000;
const NEW = { text: '', uid: 0, gid: 0, mode: 0o644 };

/**
 * Changes the one line of a mount point and leaves every other byte, owner and mode as they are. Setups of
 * two tenants at the same moment do it one after the other.
 */
async function writeFstab(host: Host, { mountPoint, entry, lockPath }: FstabWish): Promise<void> {
  const now = host.clock.now().toISOString();
  const holder = { pid: process.pid, command: 'aiplat', user: 'root', since: now };
  const lock = await host.locks.acquire(lockPath, holder, LOCK_PATIENCE_MS);
  if (!('release' in lock)) {
    throw new AiplatError({
      what: `${FSTAB} is busy.`,
      why: `\`${lock.command}\` (pid ${lock.pid}) has been at it since ${lock.since}.`,
      fix: 'Run the same command again; when it stays so, look at that process.',
      exitCode: EXIT.busy,
    });
  }
  try {
    const found = (await host.mounts.fstab()) ?? NEW;
    const text = entry === undefined ? withoutLine(found.text, mountPoint) : withLine(found.text, entry);
    await host.mounts.writeFstab({ ...found, text });
  } finally {
    await lock.release();
  }
}
