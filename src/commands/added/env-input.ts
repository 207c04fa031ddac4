import { type AiplatError, refused } from '../../errors.ts';
import { type EnvValues, readEnv, repeatedKeys } from '../../tenant/env-file.ts';
import type { Context } from '../context.ts';
import { CONFIG_LIMIT_BYTES } from '../enter.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** A word of a name that means a secret; `…_FILE` is the name of a file. */
const SECRET_NAME =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRETS?|TOKENS?|APIKEY|KEYS?|CREDENTIALS?)(_(?!FILE$)|$)/i;
/** `postgres://user:password@host` */
const SECRET_VALUE = /:\/\/[^/\s:]*:[^/\s@]+@/;

/** The settings of a command line. @throws AiplatError (exit 2) for one that everybody may read and nobody should. */
export function plainEnv(pairs: readonly string[]): EnvValues {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at);
    if (at < 0 || !NAME.test(key)) throw noSetting(key);
    const value = pair.slice(at + 1);
    if (SECRET_NAME.test(key) || SECRET_VALUE.test(value)) throw openSecret(key);
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}

const noSetting = (key: string): AiplatError =>
  refused(
    `--env ${key} is no setting.`,
    'It has no =, or a name that no environment has.',
    'Write KEY=value, with letters, digits and _ in the key.',
  );

const openSecret = (key: string): AiplatError =>
  refused(
    `${key} looks like a secret, and a command line is none.`,
    'It stands in the list of processes, in the history of a shell and in the audit log.',
    `Write ${key}=… into a file that only you can read, and give that: --env-file /path/of/it`,
  );

/**
 * Reads the settings of a file, once. Whoever came through sudo shows a file of their own: root would read any.
 * @throws AiplatError (exit 2) when it is not there, is not theirs or is wrong; no value is shown.
 */
export async function fileEnv({ host, caller }: Context, path: string): Promise<EnvValues> {
  if (!path.startsWith('/')) {
    throw refused(
      `--env-file ${path} is no absolute path.`,
      'aiplat works in no directory of its caller.',
      'Write the path from / on.',
    );
  }
  const owners = caller.sudoUid === undefined || caller.sudoUid === 0 ? undefined : [caller.sudoUid];
  const text = await host.files.readText(path, CONFIG_LIMIT_BYTES, owners);
  if (text === undefined) {
    throw refused(`--env-file ${path} is not there.`, 'No such file.', 'Write the path of a file that is.');
  }
  const values = readEnv(text);
  const wrong = [...repeatedKeys(text), ...Object.keys(values).filter((key) => !NAME.test(key))];
  if (wrong.length === 0) return values;
  throw refused(
    `--env-file ${path} is wrong.`,
    `${wrong.join(', ')}: more than once, or no name of a setting.`,
    'Write each setting once, as KEY=value.',
  );
}
