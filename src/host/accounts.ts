import { readFile } from 'node:fs/promises';
import { AiplatError, EXIT } from '../errors.ts';
import { realCommands } from './commands.ts';
import type { Account, Accounts, Group } from './host.ts';

/** Files that promise ranges of IDs to user namespaces (subuid(5)). */
const DELEGATIONS = ['/etc/subuid', '/etc/subgid'];

/** Accounts as the name service switch knows them: local files, LDAP and whatever else. */
export const realAccounts: Accounts = {
  byUid: (uid) => account(String(uid)),
  byName: account,
  group: (name) => group(name),
  groupByGid: (gid) => group(String(gid)),

  async groupsOf(name): Promise<string[]> {
    const { exitCode, output } = await realCommands.run('id', ['-Gn', '--', name]);
    return exitCode === 0 ? output.trim().split(/\s+/) : [];
  },

  async isMember(uid, name): Promise<boolean> {
    const found = await account(String(uid));
    return found !== undefined && (await realAccounts.groupsOf(found.name)).includes(name);
  },

  async isDelegated(id): Promise<boolean> {
    const texts = await Promise.all(DELEGATIONS.map((path) => readFile(path, 'utf8').catch(() => '')));
    return texts.some((text) => isInRanges(text, id));
  },

  addAccount: (name) =>
    change(
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ),
  removeAccount: (name) => change('userdel', name),
  addGroup: (name) => change('groupadd', '--system', name),
  removeGroup: (name) => change('groupdel', name),
  addMember: (user, name) => change('gpasswd', '--add', user, name),
  removeMember: (user, name) => change('gpasswd', '--delete', user, name),
};

/** A name or a number; getent(1) takes both. */
async function account(key: string): Promise<Account | undefined> {
  const { exitCode, output } = await realCommands.run('getent', ['passwd', '--', key]);
  const [name, , uid, gid] = output.split(':');
  return exitCode === 0 && name !== undefined ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

async function group(key: string): Promise<Group | undefined> {
  const { exitCode, output } = await realCommands.run('getent', ['group', '--', key]);
  const [name, , gid, members = ''] = output.trim().split(':');
  return exitCode === 0 && name !== undefined
    ? { name, gid: Number(gid), members: members.split(',').filter((one) => one !== '') }
    : undefined;
}

/** Lines of `NAME:FIRST:COUNT`. */
const isInRanges = (text: string, id: number): boolean =>
  text.split('\n').some((line) => {
    const [, first, count] = line.split(':').map(Number);
    return first !== undefined && count !== undefined && id >= first && id < first + count;
  });

async function change(program: string, ...args: string[]): Promise<void> {
  const { exitCode, output } = await realCommands.run(program, args);
  if (exitCode === 0) return;
  throw new AiplatError({
    what: 'An account or group of this host cannot be changed.',
    why: `${[program, ...args].join(' ')} answered ${exitCode}: ${output.trim()}`,
    fix: 'Mend what it names, then run the same command again.',
    exitCode: EXIT.stopped,
  });
}
