import { AiplatError, EXIT } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { RESERVED_PORTS } from '../ports/reserved.ts';
import type { Step } from '../stack/step.ts';

/** Steps that make or undo what a host as a whole has. */
export type HostStep = Extract<
  Step,
  {
    do:
      | 'create account'
      | 'remove account'
      | 'create group'
      | 'remove group'
      | 'add member'
      | 'remove member'
      | 'write sudo rule'
      | 'start timer'
      | 'stop timer'
      | 'reserve ports'
      | 'remove empty directory';
  }
>;

/** Does one of them; it decides nothing. */
export async function hostHands(step: HostStep, host: Host): Promise<void> {
  switch (step.do) {
    case 'create account':
      return host.accounts.addAccount(step.target);
    case 'remove account':
      return host.accounts.removeAccount(step.target);
    case 'create group':
      return host.accounts.addGroup(step.target);
    case 'remove group':
      return host.accounts.removeGroup(step.target);
    case 'add member':
      return host.accounts.addMember(step.target, step.group);
    case 'remove member':
      return host.accounts.removeMember(step.target, step.group);
    case 'write sudo rule':
      return writeSudoRule(host, step.target, step.text);
    case 'start timer':
      await host.units.enable(step.target, step.text);
      return host.units.start(step.target);
    case 'stop timer':
      return host.units.disable(step.target);
    case 'reserve ports':
      return reservePorts(host, step);
    case 'remove empty directory':
      return host.files.removeEmptyDirectory(step.target);
  }
}

/**
 * A rule with a mistake in it can lock everybody out of sudo, so visudo reads it first. Until then it lies
 * under a name with a dot, which sudo passes over (sudoers(5), @includedir).
 */
async function writeSudoRule(host: Host, path: string, text: string): Promise<void> {
  const candidate = `${path}.new`;
  await host.files.writeText(candidate, text, { uid: 0, gid: 0, mode: 0o440 });
  const { exitCode, output } = await host.commands.run('visudo', ['-c', '-f', candidate]);
  if (exitCode === 0) return host.files.rename(candidate, path);
  await host.files.removeTree(candidate);
  throw new AiplatError({
    what: `The sudo rule ${path} is not accepted.`,
    why: `visudo answered ${exitCode}: ${output.trim()}`,
    fix: 'What was there before is in force still. Report these lines: it is a bug of aiplat.',
    exitCode: EXIT.stopped,
  });
}

/** Now, and at the next boot. */
async function reservePorts(
  host: Host,
  { target, text, ranges }: Extract<HostStep, { do: 'reserve ports' }>,
): Promise<void> {
  // The file says which of the kernel's ranges are aiplat's: until it is written, it still knows the old ones.
  await host.sysctl.set(RESERVED_PORTS, ranges);
  if (text === undefined) await host.files.removeTree(target);
  else await host.files.writeText(target, text, { uid: 0, gid: 0, mode: 0o644 });
}
