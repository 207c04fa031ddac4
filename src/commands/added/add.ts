import { withAdded } from '../../catalog/added.ts';
import { catalog } from '../../catalog/catalog.ts';
import { addedPort } from '../../ports/allocate.ts';
import { PORT_KEYS } from '../../ports/block.ts';
import type { Stack, WantedService } from '../../stack/stack.ts';
import type { Step } from '../../stack/step.ts';
import { type Added, addedText } from '../../tenant/added.ts';
import type { Settings } from '../../tenant/settings.ts';
import type { Context } from '../context.ts';
import { decide, start, verify } from '../deploy.ts';
import { enterAsAdmin, type Place, requireVolume } from '../enter.ts';
import { findFit, requireFit } from '../find-fit.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { publishedByAdded, takenPorts } from '../ports-taken.ts';
import { readSettings, stackOf } from '../read-stack.ts';
import { untilAnswering } from './answer.ts';
import { RECORD, recordSteps } from './record-step.ts';
import { requireMounted } from './volumes.ts';
import { type AddOptions, readWish, type Subject } from './wish.ts';

/**
 * Puts one more container into a tenant's stack: recorded first, so that it is part of every later plan, then
 * brought up. The same command again ends what was interrupted; with other words it changes the service.
 */
export async function addService(context: Context, subject: Subject, options: AddOptions): Promise<void> {
  const { report } = context;
  const first = await enterAsAdmin(context, subject.tenant);
  await requireVolume(context, first);
  await whileLocked(context, tenantLock(first), options, async () => {
    const place = await enterAsAdmin(context, subject.tenant);
    const { next, stack } = await draft(context, place, subject, options);
    const only = concerned(stack, subject.name);
    await requireRoomFor(context, next, stack, only, options);
    const deploy = await decide(context, next, stack, { only });
    const isDry = options.dryRun === true;
    const pulls = deploy.filter((step) => step.do === 'pull image');
    const one = next.added.get(subject.name);
    if (one !== undefined && (!isDry || pulls.length === 0))
      await requireMounted(context, stack.tenant.name, one, isDry ? [] : pulls);
    const steps = await planAdding(context, place, next, isDry ? deploy : without(deploy, pulls));
    report.plan(steps, isDry);
    report.document({ tenant: stack.tenant.name, service: subject.name, changed: isDry ? 0 : steps.length });
    if (isDry) return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
    await bringUp(context, stack, subject, steps, { ...options, only });
    summarise(context, stack, subject, steps);
  });
}

/** The tenant's place and stack with the service in it. */
async function draft(
  context: Context,
  place: Place,
  subject: Subject,
  options: AddOptions,
): Promise<{ next: Place; stack: Stack }> {
  const { host, caller } = context;
  const wish = await readWish(context, place, subject, options);
  const settings = await readSettings(context, place.tenant);
  const before = place.added.get(subject.name);
  const uid = caller.sudoUid ?? caller.uid;
  const one: Added = {
    ...wish,
    published: await choosePort(context, place, settings, subject.name),
    since: before?.since ?? host.clock.now().toISOString().slice(0, 10),
    by: before?.by ?? (await host.accounts.byUid(uid))?.name ?? `UID ${uid}`,
  };
  const added = new Map([...place.added, [subject.name, one]]);
  const next = { ...place, added, catalog: withAdded(catalog, added) };
  return { next, stack: await stackOf(context, next, settings) };
}

async function choosePort(
  { host }: Context,
  { config, tenant, added }: Place,
  { ports }: Settings,
  name: string,
): Promise<number> {
  const others = new Map([...added].filter(([other]) => other !== name));
  const taken = new Map([
    ...(await takenPorts(host, config, tenant, await host.docker.listContainers({}))),
    ...PORT_KEYS.map((key) => [ports[key], `${key} of the .env`] as const),
    ...publishedByAdded(others),
  ]);
  return addedPort(tenant.block, added.get(name)?.published, taken);
}

/** @throws AiplatError (exit 2 or 3) when it, or what starts with it, does not fit and nobody insists. */
async function requireRoomFor(
  context: Context,
  place: Place,
  { services }: Stack,
  only: readonly string[],
  options: AddOptions,
): Promise<void> {
  const meant = services.map(({ service }) => service).filter(({ name }) => only.includes(name));
  requireFit(context, await findFit(context, place, meant, true), options);
}

/** What a plan about it is about: itself, all that it needs, and Caddy with the page and the list of services. */
function concerned({ services }: Stack, name: string): string[] {
  const names = new Set<string>();
  const take = (one: string): void => {
    if (names.has(one)) return;
    names.add(one);
    services.find(({ service }) => service.name === one)?.needs.forEach(take);
  };
  take(name);
  if (services.some(({ service }) => service.name === 'caddy')) take('caddy');
  return [...names];
}

/** An image that cannot be had is never recorded: each later deploy would stumble over it. */
async function planAdding(
  context: Context,
  place: Place,
  next: Place,
  deploy: readonly Step[],
): Promise<Step[]> {
  if (addedText(place.added) === addedText(next.added)) return [...deploy];
  const pulls = deploy.filter((step) => step.do === 'pull image');
  const why = place.added.size === 0 ? 'not found' : 'changed';
  const record = await recordSteps(context, place, next.added, { why, after: pulls });
  const others = without(deploy, pulls).map((step) => ({ ...step, needs: [...step.needs, RECORD] }));
  return [...pulls, ...record, ...others];
}

const without = (steps: readonly Step[], some: readonly Step[]): Step[] =>
  steps.filter((step) => !some.includes(step));

async function bringUp(
  context: Context,
  stack: Stack,
  { tenant, name }: Subject,
  steps: readonly Step[],
  { timeout, only }: { readonly timeout: number; readonly only: readonly string[] },
): Promise<void> {
  try {
    await start(context, stack, steps, { wait: true, timeout });
    await verify(context, stack, { wait: true, timeout, only });
    await untilAnswering(context, wantedOf(stack, name), timeout * 1000);
  } catch (thrown) {
    const { added } = await enterAsAdmin(context, tenant);
    if (added.has(name)) {
      context.report.warn(
        `${name} stays recorded. The same command again ends the job, with other words it changes ${name}; to take it back: aiplat remove-service ${tenant} ${name}`,
      );
    }
    throw thrown;
  }
}

function wantedOf({ services }: Stack, name: string): WantedService {
  const wanted = services.find(({ service }) => service.name === name);
  if (wanted === undefined) throw new Error(`${name} is not in the stack`);
  return wanted;
}

function summarise(
  { report }: Context,
  stack: Stack,
  { tenant, name }: Subject,
  steps: readonly Step[],
): void {
  const { container, url } = wantedOf(stack, name);
  const [port] = container.ports;
  const place = `${port?.address}:${port?.port}`;
  report.document({ address: url ?? null, published: place });
  report.show([
    steps.length === 0
      ? `Nothing to do: ${tenant} has ${name} already.`
      : `${tenant} has ${name} now, in every later deploy too.`,
    ...(url === undefined ? [] : [`address    ${url}`]),
    `published  ${place} → port ${port?.container} of ${name}`,
  ]);
}
