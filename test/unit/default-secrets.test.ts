import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/catalog.ts';
import { askedKeys } from '../../src/catalog/expand.ts';
import { KEYS } from './sample.ts';

/** Names of variables under which programs look for secrets. */
const SECRET_LIKE = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|SALT|AUTH|CREDENTIAL|JWT/;
/** Those that hold no secret, and why. */
const NO_SECRETS: Readonly<Record<string, string>> = {
  'flowise SECRETKEY_PATH': 'the folder of its secrets',
  'flowise JWT_ISSUER': 'a name inside its tokens',
  'flowise JWT_AUDIENCE': 'a name inside its tokens',
  'anythingllm LITE_LLM_MODEL_TOKEN_LIMIT': 'a number',
  'minio MINIO_PROMETHEUS_AUTH_TYPE': 'how metrics are asked for',
  'weaviate AUTHENTICATION_APIKEY_USERS': 'the name of a user',
  'weaviate AUTHORIZATION_ADMINLIST_USERS': 'the name of a user',
};
/** It switches something on or off. */
const isSwitch = (text: string): boolean => /^(true|false|0|1)$/.test(text);
/** What aiplat made, the file of that, an address with it, or a tenant's own key of a provider, empty where there is none. */
const KINDS = ['secret', 'secretFile', 'provider', 'databaseUrl'];

/** Secrets that aiplat makes, and those that somebody else makes for the tenant. */
const KNOWN = [
  ...KEYS.secrets.map(({ key }) => key),
  ...[...catalog.values()].flatMap(({ givenKey }) => givenKey?.key ?? []),
];

const variables = [...catalog.values()].flatMap(({ name, env, vectorEnv, modelClient }) =>
  [env, modelClient?.env ?? {}, ...Object.values(vectorEnv ?? {})].flatMap((texts) =>
    Object.entries(texts ?? {})
      .filter(([key, text]) => SECRET_LIKE.test(key) && !isSwitch(text))
      .map(([key, text]) => ({ id: `${name} ${key}`, text })),
  ),
);

describe('a secret that an image has by default', () => {
  it.each(variables.filter(({ id }) => !(id in NO_SECRETS)))(
    'does not survive: $id is one that aiplat made, the file of one, or the tenant gives it',
    ({ text }) => {
      const asked = KINDS.flatMap((kind) => askedKeys(text, kind).map((key) => ({ kind, key })));
      expect(asked, text).toHaveLength(1);
      const made = asked.filter(({ kind }) => kind === 'secret' || kind === 'secretFile');
      expect(KNOWN).toEqual(expect.arrayContaining(made.map(({ key }) => key)));
    },
  );

  it('is looked for under every variable but those with a reason, and each reason is of use', () => {
    const ids = new Set(variables.map(({ id }) => id));
    expect(Object.keys(NO_SECRETS).filter((id) => !ids.has(id))).toEqual([]);
    expect(variables.length).toBeGreaterThan(10);
  });
});
