import * as z from 'zod';
import type { AiplatError } from '../errors.ts';
import { PORT_KEYS, type PortKey } from '../ports/block.ts';
import { type EnvValues, readEnv, repeatedKeys } from './env-file.ts';
import { AUTH_KEY, type EnvKey, envKeys, type KeyContext, PROVIDER_KEYS } from './env-keys.ts';
import type { Tenant } from './identity.ts';
import { fileProblems, problemLines } from './problems.ts';
import { type Secret, secret } from './secret.ts';

/** A tenant's `.env`, checked: what the tenant asked for. */
export interface Settings {
  readonly domain: string;
  readonly ports: Readonly<Record<PortKey, number>>;
  readonly vectorDb: string;
  readonly services: readonly string[];
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly providers: ReadonlyMap<string, Secret>;
  readonly tailscale: { readonly authKey: Secret; readonly hostname: string };
}

/** What a hidden key of the `.env` holds, made or given; undefined when it has no such key. */
export const secretOf = ({ secrets, providers, tailscale }: Settings, key: string): Secret | undefined =>
  secrets.get(key) ?? providers.get(key) ?? (key === AUTH_KEY ? tailscale.authKey : undefined);

/** Which `.env` is being read, for the errors. */
export interface EnvFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads a complete `.env`.
 * @throws AiplatError (exit 2) that lists every problem, missing keys included.
 */
export function parseSettings(file: EnvFile, tenant: Tenant, context: KeyContext): Settings {
  const keys = envKeys(tenant, context);
  const values = readEnv(file.text);
  throwProblems(file, tenant, [
    ...problems(file, keys, values),
    ...keys
      .filter(({ key }) => !(key in values))
      .map(({ key }) => `${key}: is missing. \`aiplat setup\` adds it`),
  ]);
  return settingsOf(values, context);
}

/**
 * Checks the keys that a `.env` has; missing ones are no problem, because `setup` is about to add them.
 * @throws AiplatError (exit 2) that lists every problem.
 */
export function checkPartialSettings(file: EnvFile, tenant: Tenant, context: KeyContext): EnvValues {
  const values = readEnv(file.text);
  throwProblems(file, tenant, problems(file, envKeys(tenant, context), values));
  return values;
}

/** Splits `caddy, n8n,` into its names. */
export const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function throwProblems(file: EnvFile, tenant: Tenant, lines: readonly string[]): void {
  if (lines.length > 0) throw wrongEnv(file, tenant, lines);
}

const wrongEnv = (file: EnvFile, tenant: Tenant, lines: readonly string[]): AiplatError =>
  fileProblems(
    `${tenant.name}: ${file.path} is wrong.`,
    lines,
    `Mend these lines of ${file.path}, then run the same command again.`,
  );

function problems(file: EnvFile, keys: readonly EnvKey[], values: EnvValues): string[] {
  const schema = z.strictObject(Object.fromEntries(keys.map(({ key, check }) => [key, check.optional()])));
  const byKey = new Map(keys.map((entry) => [entry.key, entry]));
  const result = schema.safeParse(values);
  const wrong = result.success
    ? []
    : problemLines(result.error, values, {
        known: keys.map(({ key }) => key),
        remedyOf: (key) => byKey.get(key)?.remedy ?? '',
        isSecret: (key) => byKey.get(key)?.hidden ?? /KEY|SECRET|TOKEN|PASSWORD/i.test(key),
      });
  const twice = repeatedKeys(file.text).map(
    (key) => `${key}: stands there more than once. Keep one of the lines`,
  );
  return [...twice, ...wrong, ...sharedPorts(values)];
}

function sharedPorts(values: EnvValues): string[] {
  const owners = new Map<string, PortKey>();
  const lines: string[] = [];
  for (const key of PORT_KEYS) {
    const port = values[key];
    if (port === undefined) continue;
    const owner = owners.get(port);
    if (owner !== undefined)
      lines.push(`${key} = ${port}: ${owner} has the same port. Give one of them another`);
    owners.set(port, key);
  }
  return lines;
}

function settingsOf(values: EnvValues, context: KeyContext): Settings {
  const value = (key: string): string => values[key] ?? '';
  const hidden = (keys: readonly string[]): Map<string, Secret> =>
    new Map(keys.map((key) => [key, secret(value(key))]));
  return {
    domain: value('DOMAIN_NAME'),
    ports: Object.fromEntries(PORT_KEYS.map((key) => [key, Number(value(key))])) as Record<PortKey, number>,
    vectorDb: value('VECTOR_DB'),
    services: splitList(value('SERVICES')),
    secrets: hidden(context.secrets.map(({ key }) => key)),
    providers: hidden(PROVIDER_KEYS),
    tailscale: { authKey: secret(value(AUTH_KEY)), hostname: value('TAILSCALE_HOSTNAME') },
  };
}
