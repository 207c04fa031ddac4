import { refused } from '../../errors.ts';
import type { Account } from '../../host/host.ts';
import type { Context } from '../context.ts';

/**
 * The account of this name or UID.
 * @throws AiplatError (exit 2) when there is none.
 */
export async function requireAccount({ host }: Context, user: string): Promise<Account> {
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(user);
  const account = !isPlain
    ? undefined
    : /^\d+$/.test(user)
      ? await host.accounts.byUid(Number(user))
      : await host.accounts.byName(user);
  if (account !== undefined) return account;
  throw refused(
    `There is no account ${JSON.stringify(user)} on this host.`,
    '`getent passwd` does not know it.',
    'Make it first: useradd --uid 1001 --user-group --create-home NAME (with a UID from 1001 to 65534).',
  );
}
