import { catalog, vectorDbService } from '../catalog/catalog.ts';
import { DATABASE_SERVER } from '../catalog/databases.ts';
import type { VectorDb } from '../catalog/schema-data.ts';
import type { Stack } from '../stack/stack.ts';
import type { Step } from '../stack/step.ts';
import { serviceId } from '../stack/step-ids.ts';
import type { EnvValues } from '../tenant/env-file.ts';
import type { EnvChoices } from '../tenant/env-plan.ts';
import type { Tenant } from '../tenant/identity.ts';
import { vectorDbPath } from '../tenant/layout.ts';
import { LABEL } from '../tenant/names.ts';
import { splitList } from '../tenant/settings.ts';
import { requireConfirmation } from './confirm.ts';
import type { Context } from './context.ts';
import { CONFIG_LIMIT_BYTES } from './enter.ts';

/** The tenant gets another vector database than the one that holds its vectors. */
export interface VectorChange {
  readonly from: string;
  readonly to: string;
  /** Where what the former one holds stays. */
  readonly directories: readonly string[];
}

/** @returns undefined when nothing is left behind, or when this change was agreed to before. */
export async function findVectorChange(
  { host }: Context,
  tenant: Tenant,
  from: string | undefined,
  to: string,
): Promise<VectorChange | undefined> {
  if (from === undefined || from === to) return undefined;
  const agreed = await host.files.readText(vectorDbPath(tenant), CONFIG_LIMIT_BYTES);
  if (agreed === to) return undefined;
  const paths = vectorDbService(catalog, from)?.mounts.map(({ dir }) => `${tenant.baseDir}/data/${dir}`);
  const contents = await Promise.all((paths ?? []).map((path) => host.files.list(path)));
  const directories = (paths ?? []).filter((_, at) => contents[at]?.length !== 0);
  return directories.length === 0 ? undefined : { from, to, directories };
}

/**
 * The vector database of the containers that are there, as far as it is another one: their clients bear its name, and
 * it runs while the stack does not have it any more.
 */
export async function formerVectorDb(
  { host }: Context,
  { tenant, vectorDb, services }: Stack,
): Promise<string | undefined> {
  const found = await host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } });
  const wanted = new Set(services.map(({ service }) => service.name));
  const told = found.flatMap(({ labels }) => labels[LABEL.vectorDb] ?? []);
  const gone = found.flatMap(({ labels }) => {
    const name = labels[LABEL.service] ?? '';
    return wanted.has(name) ? [] : (catalog.get(name)?.vectorDb ?? []);
  });
  return [...told, ...gone].find((name) => name !== vectorDb);
}

/** Says what is left behind. */
export function announceChange({ report }: Context, { from, to, directories }: VectorChange): void {
  report.warn(
    `VECTOR_DB changes from ${from} to ${to}. What ${from} holds stays in ${directories.join(', ')} and is not carried over: ` +
      `${to} begins empty, and what has to be found in it has to be added again.`,
  );
}

/** @throws AiplatError (exit 2) when nobody means it. */
export const requireAgreement = (
  context: Context,
  tenant: Tenant,
  confirm: string | undefined,
  { from }: VectorChange,
): Promise<void> =>
  requireConfirmation(context, tenant, confirm, {
    what: 'changing the vector database',
    question: `This leaves behind what ${from} holds`,
    otherwise: `keep the former one: VECTOR_DB=${from}`,
  });

/** Keeps in mind that it was agreed to, so that the next command does not ask again. */
export const agreementStep = (
  tenant: Tenant,
  { from, to }: VectorChange,
  needs: readonly string[],
): Step => ({
  id: 'vector database',
  do: 'write file',
  target: vectorDbPath(tenant),
  why: `agreed: ${to} instead of ${from}`,
  needs,
  text: to,
  uid: 0,
  gid: tenant.gid,
  mode: 0o640,
});

/**
 * The choices of a setup: whoever chooses another vector database, and no services, does not want the former one
 * beside it because SERVICES has its name. PostgreSQL stays, because others than clients of vectors use it.
 */
export function withoutFormer(choices: EnvChoices, existing: EnvValues): EnvChoices {
  const former = vectorDbService(catalog, existing.VECTOR_DB ?? '')?.name;
  const isChange = choices.vectorDb !== undefined && choices.vectorDb !== existing.VECTOR_DB;
  if (!isChange || choices.services !== undefined || existing.SERVICES === undefined) return choices;
  const services = splitList(existing.SERVICES);
  if (former === undefined || former === DATABASE_SERVER || !services.includes(former)) return choices;
  return { ...choices, services: services.filter((name) => name !== former) };
}

/** What the clients that these steps are about cannot do with the tenant's vector database, each sentence once. */
export function vectorFaults({ vectorDb, services }: Stack, steps: readonly Step[]): string[] {
  const touched = new Set(steps.map(({ id }) => id));
  const clients = services.filter(({ service }) => touched.has(serviceId(service.name)));
  return [
    ...new Set(clients.flatMap(({ service }) => service.vectorEnv?.faults?.[vectorDb as VectorDb] ?? [])),
  ];
}
