import { closest } from 'fastest-levenshtein';
import { catalog } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Step } from '../../stack/step.ts';
import { mergeEnv } from '../../tenant/env-file.ts';
import { envPath } from '../../tenant/layout.ts';
import { databaseName, LABEL } from '../../tenant/names.ts';
import { generateSecret, type SecretFormat } from '../../tenant/secret.ts';
import { parseSettings } from '../../tenant/settings.ts';
import type { Context, TenantOptions } from '../context.ts';
import { decide, start, verify } from '../deploy.ts';
import { CONFIG_LIMIT_BYTES, enter, type Place, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { keyContext, readSettings, stackOf } from '../read-stack.ts';
import { withoutEngine } from '../without-engine.ts';
import { followers } from './followers.ts';

export interface RotateOptions extends TenantOptions {
  readonly dryRun?: boolean;
}

/** As long as a deploy waits by itself. */
const AS_DEPLOY = { wait: true, timeout: 300 } as const;

/**
 * Gives a secret a new value: first the `.env`, which is the truth from then on, then the walk of a deploy for
 * the services that use it. Killed in between, the same command or a deploy ends it.
 */
export async function rotate(context: Context, key: string, options: RotateOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  const format = requireRotatable(place, key);
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const { env, stack } = await draft(context, place, key, format);
    const { services } = stack;
    const only = services.map(({ service }) => service.name);
    const followed = only.length === 0 ? [] : await decide(context, place, stack, { ...AS_DEPLOY, only });
    const steps = [env, ...followed.map((step) => ({ ...step, needs: [...step.needs, env.id] }))];
    context.report.plan(steps, options.dryRun === true);
    if (options.dryRun !== true) {
      await start(context, stack, steps, AS_DEPLOY);
      await verify(context, stack, AS_DEPLOY);
    }
    summarise(context, place, { key, only, steps: steps.length, isDry: options.dryRun === true });
  });
}

/** @throws AiplatError (exit 2) for a key that is none of aiplat's, or the key of data. */
function requireRotatable({ tenant }: Place, key: string): SecretFormat {
  const all = [...catalog.values()].flatMap((service) =>
    service.secrets.map((secret) => ({ service, secret })),
  );
  const found = all.find(({ secret }) => secret.key === key);
  if (found === undefined) {
    const keys = all.map(({ secret }) => secret.key);
    throw refused(
      `There is no secret ${JSON.stringify(key)} that aiplat made.`,
      `It made ${keys.join(', ')}.`,
      `Did you mean ${closest(key, keys)}? A key that you pasted yourself is changed in ${envPath(tenant)}; then deploy.`,
    );
  }
  if (!found.secret.identity) return found.secret.format;
  const { mounts, databases, title } = found.service;
  const places = [
    ...mounts.map(({ dir }) => `${tenant.baseDir}/data/${dir}`),
    ...databases.map(({ name }) => databaseName(tenant.name, name)),
  ];
  throw refused(
    `${key} cannot be rotated.`,
    `It is the key of ${title}'s data in ${places.join(', ')}: with another one nobody can read that data.`,
    'Keep it. When it leaked, change what it protects: the keys and passwords that are stored in the service.',
  );
}

interface Draft {
  /** Puts the new value into the `.env`. */
  readonly env: Step;
  /** The stack as it has to be with it: those of its services that have a container and use the secret. */
  readonly stack: Stack;
}

async function draft(context: Context, place: Place, key: string, format: SecretFormat): Promise<Draft> {
  const { host } = context;
  const { tenant } = place;
  const path = envPath(tenant);
  const settings = await readSettings(context, tenant);
  const text = (await host.files.readText(path, CONFIG_LIMIT_BYTES)) ?? '';
  const line = { key, value: generateSecret(format, host.random) };
  const merged = mergeEnv(text, [{ title: 'Secrets', notes: [], lines: [line] }]);
  const found = await host.docker
    .listContainers({ labels: { [LABEL.tenant]: tenant.name } })
    .catch(withoutEngine);
  const env: Step = {
    id: 'env',
    do: 'write file',
    target: path,
    why: `new value: ${key}`,
    needs: [],
    text: merged,
    uid: tenant.uid,
    gid: tenant.gid,
    mode: 0o600,
  };
  const [before, after] = await Promise.all([
    stackOf(context, place, settings),
    stackOf(context, place, parseSettings({ path, text: merged }, tenant, keyContext)),
  ]);
  return { env, stack: followers(before, after, found) };
}

interface Rotated {
  readonly key: string;
  readonly only: readonly string[];
  readonly steps: number;
  readonly isDry: boolean;
}

function summarise({ report }: Context, { tenant }: Place, { key, only, steps, isDry }: Rotated): void {
  report.document({ tenant: tenant.name, key, services: only, changed: isDry ? 0 : steps });
  if (isDry) return report.show([`${steps} steps would be taken; nothing was changed.`]);
  report.show([
    `${key} has a new value${only.length === 0 ? '; nothing that runs uses it' : `, and ${only.join(', ')} took it over`}.`,
    `See it: aiplat ops credentials --tenant ${tenant.name}`,
  ]);
}
