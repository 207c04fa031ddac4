import { AiplatError, EXIT } from '../errors.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import { lockPath } from '../tenant/layout.ts';
import type { Context, TenantOptions } from './context.ts';
import type { Place } from './enter.ts';

/** What one command at a time may work on. */
export interface LockSubject {
  readonly path: string;
  readonly what: string;
}

export const tenantLock = ({ config, tenant }: Place): LockSubject => ({
  path: lockPath(config.runDir, tenant),
  what: tenant.name,
});

/** What concerns the host as a whole: who is admitted, what is installed. */
export const hostLock = ({ runDir }: HostConfig): LockSubject => ({
  path: `${runDir}/locks/host.lock`,
  what: 'This host',
});

/**
 * Runs a change while no other change of the same subject runs.
 * @throws AiplatError (exit 5) when another command holds it.
 */
export async function whileLocked<T>(
  context: Context,
  subject: LockSubject,
  options: Pick<TenantOptions, 'waitLock'>,
  work: () => Promise<T>,
): Promise<T> {
  const { host, caller } = context;
  const holder = {
    pid: process.pid,
    command: caller.commandLine,
    user: String(caller.sudoUid ?? caller.uid),
    since: host.clock.now().toISOString(),
  };
  const lock = await host.locks.acquire(subject.path, holder, (options.waitLock ?? 0) * 1000);
  if (!('release' in lock)) {
    throw new AiplatError({
      what: `${subject.what} is busy.`,
      why: `Since ${lock.since || 'a moment ago'} \`${lock.command}\` (pid ${lock.pid}, UID ${lock.user}) works on it.`,
      fix: 'Wait until it is done, or wait for it: --wait-lock 600. The lock goes with its process.',
      exitCode: EXIT.busy,
    });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
