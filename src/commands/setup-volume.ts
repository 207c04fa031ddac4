import { type AiplatError, notReady } from '../errors.ts';
import type { Step } from '../stack/step.ts';
import type { EnvChoices } from '../tenant/env-plan.ts';
import { fstabLockPath } from '../tenant/layout.ts';
import { namesVolume } from '../volumes/find.ts';
import { observeVolume } from '../volumes/observe.ts';
import { isBlank, isMounted, planVolume, type VolumeFacts } from '../volumes/plan.ts';
import { carryOut } from './carry-out.ts';
import type { Context, TenantOptions } from './context.ts';
import type { Place } from './enter.ts';
import { tenantLock, whileLocked } from './locked.ts';
import { draft, type SetupDraft } from './setup-draft.ts';

/**
 * What is there of the tenant's volume; undefined when its record names none.
 * @throws AiplatError (exit 3) when the disk is not there or must be left alone.
 */
async function findVolume(
  { host }: Context,
  { config, tenant, record }: Place,
): Promise<VolumeFacts | undefined> {
  if (!namesVolume(record)) return undefined;
  return observeVolume(host, tenant, record, fstabLockPath(config.runDir));
}

/** Does a disk of this tenant wait to be mounted, whose `.env` nobody has seen yet? */
const isUnseen = (facts: VolumeFacts | undefined): facts is VolumeFacts =>
  facts !== undefined && !isMounted(facts) && !isBlank(facts);

const planFor = ({ host }: Context, facts: VolumeFacts): Step[] =>
  planVolume(facts, () => uuidOf(host.random(16)));

/** A random UUID (RFC 9562, version 4). */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex').split('');
  hex[12] = '4';
  hex[16] = '8';
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The draft of a setup, with what its volume needs before everything else. */
export async function draftWithVolume(
  context: Context,
  place: Place,
  choices: EnvChoices,
): Promise<SetupDraft> {
  const facts = await findVolume(context, place);
  if (isUnseen(facts)) throw changedMeanwhile(place);
  const isHidden = facts !== undefined && !isMounted(facts);
  const drafted = await draft(context, place, choices, { isHidden, random: context.host.random });
  return facts === undefined
    ? drafted
    : { ...drafted, steps: [...planFor(context, facts), ...drafted.steps] };
}

/** Drafting a `.env` for a volume that nobody has looked into could write over the one that is on it. */
const changedMeanwhile = ({ tenant }: Place): AiplatError =>
  notReady(
    `${tenant.name}: its volume was unmounted while setup was at work.`,
    'Somebody else changes the disks of this host at this moment.',
    'Run the same command again.',
  );

/** The volume's own steps, when what else a setup does depends on what the volume holds. */
export async function planUnseenVolume(context: Context, place: Place, choices: EnvChoices): Promise<Step[]> {
  const facts = await findVolume(context, place);
  if (!isUnseen(facts)) return [];
  // A rehearsal that draws no real secrets: choices that cannot be are refused before anything is mounted.
  await draft(context, place, choices, { isHidden: true, random: (count) => Buffer.alloc(count) });
  return planFor(context, facts);
}

/** Mounts a volume that brings its own files, so that they can be read. @returns the steps that were taken. */
export async function mountUnseenVolume(
  context: Context,
  place: Place,
  choices: EnvChoices,
  options: TenantOptions,
): Promise<readonly Step[]> {
  if ((await planUnseenVolume(context, place, choices)).length === 0) return [];
  return whileLocked(context, tenantLock(place), options, async () => {
    const steps = await planUnseenVolume(context, place, choices);
    await carryOut(context, place.tenant.name, steps);
    return steps;
  });
}
