import { withAdded } from '../../catalog/added.ts';
import { catalog } from '../../catalog/catalog.ts';
import { refused } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import type { Step } from '../../stack/step.ts';
import type { AddedServices } from '../../tenant/added.ts';
import { LABEL } from '../../tenant/names.ts';
import { carryOut } from '../carry-out.ts';
import { type Danger, requireConfirmation, requireSameName } from '../confirm.ts';
import type { Context } from '../context.ts';
import { decide } from '../deploy.ts';
import { enterAsAdmin, type Place, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { readEnvText } from '../read-env.ts';
import { readStack } from '../read-stack.ts';
import { recordSteps } from './record-step.ts';

export interface RemoveOptions {
  readonly deleteData?: boolean;
  /** The tenant's name, typed once more. */
  readonly confirm?: string;
  readonly dryRun?: boolean;
  readonly waitLock?: number;
}

const deleting = (name: string): Danger => ({
  what: `deleting the data of ${name}`,
  question: `This deletes the data of ${name}`,
  otherwise: 'leave --delete-data away to keep it',
});

/**
 * Takes an added service out of a tenant's stack: container, profile, port, page and, when asked, data. Its record
 * goes last, so that the same command again ends what was interrupted.
 */
export async function removeService(
  context: Context,
  tenant: string,
  name: string,
  options: RemoveOptions,
): Promise<void> {
  const { report } = context;
  const first = await enterAsAdmin(context, tenant);
  if (options.confirm !== undefined) requireSameName(first.tenant, options.confirm);
  if (options.deleteData === true) await requireVolume(context, first);
  await whileLocked(context, tenantLock(first), options, async () => {
    const place = await enterAsAdmin(context, tenant);
    requireNoClients(place, name);
    if (!place.added.has(name)) return sayNothing(context, place, name);
    const steps = await plan(context, place, name, options);
    report.plan(steps, true);
    const isDry = options.dryRun === true;
    report.document({ tenant: place.tenant.name, service: name, changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    if (options.deleteData === true)
      await requireConfirmation(context, place.tenant, options.confirm, deleting(name));
    await carryOut(context, place.tenant.name, steps);
    const kept = options.deleteData === true ? [] : dataOf(place, name);
    const words = kept.length === 0 ? '' : ` Its data stays in ${kept.join(', ')}.`;
    report.show([`${place.tenant.name} has ${name} no more.${words}`]);
  });
}

const dataOf = ({ tenant, added }: Place, name: string): string[] =>
  Object.values(added.get(name)?.mounts ?? {}).map((dir) => `${tenant.baseDir}/data/${dir}`);

function sayNothing({ report }: Context, { added, tenant }: Place, name: string): void {
  report.document({ tenant: tenant.name, service: name, changed: 0 });
  report.show([
    `Nothing to do: nobody added ${name} to ${tenant.name}. There ${added.size === 1 ? 'is' : 'are'} ${[...added.keys()].join(', ') || 'none'}.`,
  ]);
}

/** @throws AiplatError (exit 2) for a service of the catalogue, or one that another needs. */
function requireNoClients({ added, tenant }: Place, name: string): void {
  if (catalog.has(name) && !added.has(name)) {
    throw refused(
      `Nobody added ${name} to ${tenant.name}.`,
      'It is a service of the catalogue.',
      `Switch it off: aiplat setup --tenant ${tenant.name} --services … (without it), then aiplat deploy.`,
    );
  }
  const clients = [...added].filter(([, { needs }]) => needs.includes(name)).map(([client]) => client);
  if (clients.length === 0) return;
  throw refused(
    `${tenant.name}: ${name} is needed.`,
    `${clients.join(', ')} cannot be without it.`,
    `Take that away first: aiplat remove-service ${tenant.name} ${clients[0]}`,
  );
}

async function plan(context: Context, place: Place, name: string, options: RemoveOptions): Promise<Step[]> {
  const { host } = context;
  const { tenant } = place;
  const rest: AddedServices = new Map([...place.added].filter(([other]) => other !== name));
  const containers = await host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } });
  const isSetUp = (await readEnvText(host, tenant)) !== undefined;
  const steps =
    containers.length > 0 && isSetUp
      ? await planLeaving(
          context,
          { ...place, added: rest, catalog: withAdded(catalog, rest) },
          name,
          containers,
        )
      : planRemoval(containers, name);
  const data = options.deleteData === true ? dataOf(place, name) : [];
  const found = await Promise.all(data.map((path) => host.files.stat(path)));
  const deletion = data
    .filter((_, at) => found[at] !== undefined)
    .map(
      (path): Step => ({
        id: `delete ${path}`,
        do: 'remove directory',
        target: path,
        why: '--delete-data',
        needs: steps.map(({ id }) => id),
      }),
    );
  const before = [...steps, ...deletion];
  return [...before, ...(await recordSteps(context, place, rest, { why: `without ${name}`, after: before }))];
}

/** Caddy loses its page and its line; a stack that was torn down is not brought up for that. */
async function planLeaving(
  context: Context,
  place: Place,
  name: string,
  containers: readonly FoundContainer[],
): Promise<Step[]> {
  const stack = await readStack(context, place);
  const hasCaddy =
    stack.services.some(({ service }) => service.name === 'caddy') &&
    containers.some(({ labels }) => labels[LABEL.service] === 'caddy');
  return decide(context, place, stack, { only: hasCaddy ? ['caddy'] : [], leaving: name });
}

/** Of a tenant that has no stack here. */
const planRemoval = (containers: readonly FoundContainer[], service: string): Step[] =>
  containers
    .filter(({ labels }) => labels[LABEL.service] === service)
    .map(({ id, name }) => ({
      id: `remove ${name}`,
      do: 'remove container',
      target: name,
      why: `${service} is taken away`,
      needs: [],
      containerId: id,
    }));
