import type { FoundContainer } from '../host/docker.ts';
import { fitDocument, fitLines } from '../stack/fit.ts';
import { observe } from '../stack/observe.ts';
import { planDeploy } from '../stack/plan.ts';
import { obstacle } from '../stack/preconditions.ts';
import type { Stack } from '../stack/stack.ts';
import type { Step } from '../stack/step.ts';
import { unhealthyError } from '../stack/verify.ts';
import { watchHealth } from '../stack/wait.ts';
import { missingWalls } from '../tenant/host-config.ts';
import { LABEL } from '../tenant/names.ts';
import { addressLines } from './addresses.ts';
import { carryOut } from './carry-out.ts';
import { requireSameName } from './confirm.ts';
import type { Context, TenantOptions } from './context.ts';
import { enter, type Place, requireRoot, requireVolume } from './enter.ts';
import { type ForceOptions, findFit, requireFit } from './find-fit.ts';
import { leftOutNotices } from './left-out.ts';
import { tenantLock, whileLocked } from './locked.ts';
import { readStack } from './read-stack.ts';
import { requireServices } from './require-services.ts';
import { requireSetup } from './require-setup.ts';
import {
  agreementStep,
  announceChange,
  findVectorChange,
  formerVectorDb,
  requireAgreement,
  vectorFaults,
} from './vector-change.ts';

export interface DeployOptions extends TenantOptions, ForceOptions {
  readonly only?: readonly string[];
  readonly dryRun?: boolean;
  /** The tenant's name, typed once more, when a change leaves data behind. */
  readonly confirm?: string;
  readonly wait: boolean;
  /** Seconds that each service may take to become healthy. */
  readonly timeout: number;
}

/** Makes the running stack equal to the tenant's `.env`. */
export async function deploy(context: Context, options: DeployOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  if (options.confirm !== undefined) requireSameName(place.tenant, options.confirm);
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const stack = await readStack(context, place);
    const decided = await decide(context, place, stack, options);
    const isDry = options.dryRun === true;
    const steps = [...(await agreed(context, stack, decided, options)), ...decided];
    if (steps.length > 0) await tellFit(context, place, stack, options);
    context.report.plan(steps, isDry);
    if (!isDry && steps.length > 0) await start(context, stack, steps, options);
    if (!isDry && options.wait) await verify(context, stack, { ...options, ...onlyOf(stack, options) });
    summarise(context, place, stack, steps, options);
  });
}

/** Says what the stack takes and what there is. @throws AiplatError when it cannot fit. */
async function tellFit(context: Context, place: Place, stack: Stack, options: DeployOptions): Promise<void> {
  const services = stack.services.map(({ service }) => service);
  const { only } = onlyOf(stack, options);
  const meant = services.filter(({ name }) => (only ?? [name]).includes(name));
  const fit = await findFit(context, place, meant, true);
  requireFit(context, fit, options);
  context.report.document({ takes: fitDocument(fit) });
  for (const [what, words] of fitLines(fit)) context.report.say(`${what}: ${words}`);
}

/** Asks whether data may be left behind, where it is. @returns what keeps the answer in mind. */
async function agreed(
  context: Context,
  stack: Stack,
  steps: readonly Step[],
  { dryRun, confirm }: DeployOptions,
): Promise<Step[]> {
  if (steps.length === 0) return [];
  const { tenant, vectorDb } = stack;
  const change = await findVectorChange(context, tenant, await formerVectorDb(context, stack), vectorDb);
  if (change === undefined) return [];
  announceChange(context, change);
  if (dryRun !== true) await requireAgreement(context, tenant, confirm, change);
  return [agreementStep(tenant, change, [])];
}

/** What a plan is about that is not the usual one. */
export interface Decision {
  readonly only?: readonly string[];
  /** A service that the stack has no more, and that goes with it. */
  readonly leaving?: string;
  /** Containers that are gone by then, because steps before remove them. */
  readonly isGone?: (container: FoundContainer) => boolean;
}

/** What a deploy does to make the machine equal to the stack. @throws AiplatError when something is in its way. */
export async function decide(
  context: Context,
  place: Place,
  stack: Stack,
  options: Decision,
): Promise<Step[]> {
  const { leaving } = options;
  const left = leaving === undefined ? [] : [leaving];
  const only =
    options.only === undefined ? undefined : new Set([...requireServices(stack, options.only), ...left]);
  const observed = await observe(context.host, stack);
  await requireSetup(context, place, stack);
  const trouble = obstacle(stack, observed, place.config.images);
  if (trouble !== undefined) throw trouble;
  const { isGone = () => false } = options;
  const containers = observed.containers.filter((container) => !isGone(container));
  return planDeploy(stack, { ...observed, containers }, { only });
}

const onlyOf = (stack: Stack, { only }: Decision): Decision =>
  only === undefined ? {} : { only: requireServices(stack, only) };

/** Does it, within the time that each service has. */
export async function start(
  context: Context,
  stack: Stack,
  steps: readonly Step[],
  options: DeployOptions,
): Promise<void> {
  const { host, report } = context;
  for (const { service } of stack.services) {
    const isNew = steps.some(
      (step) => step.do === 'create container' && step.id === `service ${service.name}`,
    );
    if (isNew && service.warning !== undefined) report.warn(service.warning);
  }
  for (const fault of vectorFaults(stack, steps)) report.warn(fault);
  const labels = { [LABEL.tenant]: stack.tenant.name };
  const watch = watchHealth(host, labels, options.timeout * 1000, remediesOf(stack));
  await carryOut(context, stack.tenant.name, steps, { watch, wait: options.wait });
}

/** Looks again with fresh eyes: everything that was meant has to be well now, whether this deploy touched it or not. */
export async function verify({ host }: Context, stack: Stack, options: DeployOptions): Promise<void> {
  const labels = { [LABEL.tenant]: stack.tenant.name };
  const watch = watchHealth(host, labels, options.timeout * 1000, remediesOf(stack));
  const found = (await host.docker.listContainers({ labels })).filter((one) => isMeant(one, options));
  await Promise.all(
    found.map(async ({ id, name, health }) => {
      if (health === 'starting') await watch.untilHealthy(id, name);
      if (health === 'unhealthy') await watch.untilLookedAtAgain(id);
    }),
  );
  const error = unhealthyError(stack, await host.docker.listContainers({ labels }), options.only);
  if (error !== undefined) throw error;
}

/** Name of a container → what to do when it does not become healthy. */
const remediesOf = ({ services }: Stack): ReadonlyMap<string, string> =>
  new Map(
    services.flatMap(({ service: { health }, container: { name } }) =>
      health.remedy === undefined ? [] : [[name, health.remedy] as const],
    ),
  );

const isMeant = ({ labels }: FoundContainer, { only }: DeployOptions): boolean =>
  only?.includes(labels[LABEL.service] ?? '') ?? true;

function summarise(
  context: Context,
  place: Place,
  stack: Stack,
  steps: readonly Step[],
  { dryRun: isDry = false, only }: DeployOptions,
): void {
  const { report } = context;
  const { name } = stack.tenant;
  const meant = only === undefined ? `${stack.services.length} services` : only.join(', ');
  for (const notice of [...missingWalls(place.config), ...leftOutNotices(stack)]) report.warn(notice);
  report.document({
    tenant: name,
    changed: isDry ? 0 : steps.length,
    leftOut: stack.leftOut.map(({ service }) => service.name),
  });
  if (steps.length === 0) {
    report.show([`Nothing to do: ${name} is as its .env says (${meant}).`]);
  } else if (isDry) {
    report.show([`${steps.length} steps would be taken; nothing was changed.`]);
  } else {
    report.show([`${name} runs ${meant}.`, ...addressLines(stack)]);
  }
}
