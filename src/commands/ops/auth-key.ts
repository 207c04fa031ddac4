import { isAbsolute, join } from 'node:path';
import { refused } from '../../errors.ts';
import { isAuthKey } from '../../tenant/env-keys.ts';
import type { Context } from '../context.ts';
import type { Place } from '../enter.ts';

/** Longer than every key. */
const LIMIT_BYTES = 4096;

/**
 * A new auth key, from a file, from a person or from stdin: never from the command line, which others can see.
 * @throws AiplatError (exit 2) for what is none.
 */
export async function readAuthKey(context: Context, place: Place, file: string | undefined): Promise<string> {
  const text = (await readGiven(context, place, file)).trim();
  if (isAuthKey(text)) return text;
  throw refused(
    `${place.tenant.name}: that is no auth key of Tailscale.`,
    text === ''
      ? 'Nothing was handed over.'
      : /^tskey-(api|client|scim|webhook)-/.test(text)
        ? 'It is a key of Tailscale of another kind, and lets no node in.'
        : `What came has ${text.length} characters and does not look like tskey-auth-…`,
    'Make an auth key in the admin console of Tailscale and hand it over: aiplat ops refresh-tailscale <key.txt',
  );
}

async function readGiven(context: Context, place: Place, file: string | undefined): Promise<string> {
  const { host, report, caller } = context;
  if (file === undefined && !report.terminal.canAsk) return host.input.text(LIMIT_BYTES);
  if (file === undefined) return (await import('../../report/ask.ts')).askSecret('Auth key of Tailscale:');
  const path = isAbsolute(file) ? file : join(caller.cwd, file);
  const text = await host.files.readText(path, LIMIT_BYTES, ownersOf(context, place));
  if (text !== undefined) return text;
  throw refused(
    `${place.tenant.name}: there is no file with a key.`,
    `${path} does not exist.`,
    'Name the file that has it: --file /home/me/key.txt',
  );
}

/** Root reads for nobody what is not the caller's. */
function ownersOf({ caller }: Context, { tenant }: Place): number[] {
  return caller.sudoUid === undefined ? [caller.uid, tenant.uid] : [caller.sudoUid];
}
