import { readFile } from 'node:fs/promises';
import { realCommands } from './commands.ts';
import type { Account, Accounts } from './host.ts';

/** Accounts as the name service switch knows them: local files, LDAP and whatever else. */
export const realAccounts: Accounts = {
  async byUid(uid): Promise<Account | undefined> {
    const { exitCode, output } = await realCommands.run('getent', ['passwd', String(uid)]);
    const [name, , , gid] = output.split(':');
    return exitCode === 0 && name !== undefined ? { name, uid, gid: Number(gid) } : undefined;
  },

  async isMember(uid, group): Promise<boolean> {
    const account = await realAccounts.byUid(uid);
    const line = (await readFile('/etc/group', 'utf8'))
      .split('\n')
      .find((row) => row.startsWith(`${group}:`));
    return account !== undefined && (line?.split(':')[3]?.split(',').includes(account.name) ?? false);
  },
};
