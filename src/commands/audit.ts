import { createHash } from 'node:crypto';
import { AiplatError, EXIT, messageOf } from '../errors.ts';
import type { JournalFile } from '../host/host.ts';
import { visible } from '../report/visible.ts';
import { planLines, type Step } from '../stack/step.ts';
import type { Context } from './context.ts';
import { readHostConfig } from './enter.ts';

/** What a line of the audit log tells beyond who, when and with which command. */
export type Deed =
  | {
      readonly outcome: 'done' | 'stopped' | 'unhealthy' | 'interrupted';
      /** SHA-256 of the plan as `--dry-run` shows it. */
      readonly plan: string;
      readonly steps: number;
      readonly done: number;
      /** What went wrong. Only this: a reason may quote logs of programs. */
      readonly error?: string | undefined;
    }
  | {
      readonly outcome: 'done';
      /** Keys of the secrets that were shown. */
      readonly showed: readonly string[];
    };

/** The one line that a command is about to leave: the first deed that is written counts. */
export interface AuditEntry {
  write(deed: Deed): Promise<void>;
}

/**
 * Opens the audit log before anything is changed or shown: an act that leaves no line does not begin.
 * @param subject the tenant's name, or what else the command works on.
 * @throws AiplatError (exit 3) when the log cannot be written.
 */
export async function openAudit(context: Context, subject: string): Promise<AuditEntry> {
  const { host, caller, version } = context;
  const { logDir, adminGroup } = await readHostConfig(context);
  const account = await host.accounts.byUid(caller.sudoUid ?? caller.uid);
  /** Asked each time: `host init` makes the group, and undoing it takes the group away. */
  const journal = async (): Promise<JournalFile> => {
    const group = await host.accounts.group(adminGroup);
    return { path: `${logDir}/audit.log`, uid: 0, gid: group?.gid ?? 0 };
  };
  await host.journal.prepare(await journal());
  const began = host.clock.now().toISOString();
  const append = async (deed: Deed): Promise<void> => {
    const { uid, sudoUid, commandLine } = caller;
    const who = { uid, sudoUid, user: account?.name, pid: process.pid, command: commandLine };
    const ended = host.clock.now().toISOString();
    const line = visible(JSON.stringify({ began, ended, ...who, subject, ...deed, version }));
    const file = await journal();
    await host.journal.append(file, line).catch((thrown: unknown) => {
      throw unwritten(thrown, file.path);
    });
  };
  let written: Promise<void> | undefined;
  return {
    write(deed) {
      written ??= append(deed);
      return written;
    },
  };
}

/** @throws the cause itself when it is not a matter of the disk. */
function unwritten(thrown: unknown, path: string): unknown {
  if ((thrown as { code?: unknown }).code === undefined) return thrown;
  return new AiplatError({
    what: 'The audit log did not take its line.',
    why: `${path}: ${messageOf(thrown)}. The command itself went on to its end.`,
    fix: 'Make room there, and write down by hand what this command did.',
    exitCode: EXIT.stopped,
    cause: thrown,
  });
}

/** The plan's fingerprint: equal plans have equal ones. */
export const planHash = (steps: readonly Step[]): string =>
  createHash('sha256').update(planLines(steps).join('\n')).digest('hex');
