import { profilePath } from '../apparmor/profile.ts';
import { type FirewallWish, firewallFault, observeFirewall } from '../firewall/raise.ts';
import type { Host, Slice } from '../host/host.ts';
import type { Step } from '../stack/step.ts';
import { planTeardown, type Remains } from '../stack/teardown-plan.ts';
import type { HostConfig } from '../tenant/host-config.ts';
import type { Tenant } from '../tenant/identity.ts';
import { stateDirectory } from '../tenant/layout.ts';
import { isProfileOf, LABEL, sliceParent } from '../tenant/names.ts';
import { choiceWords } from '../volumes/find.ts';
import { isReleased, type Release } from '../volumes/plan.ts';
import { carryOut } from './carry-out.ts';
import { type Danger, requireConfirmation, requireSameName } from './confirm.ts';
import type { Context, TenantOptions } from './context.ts';
import { edgeWithout } from './edge-wish.ts';
import { enter, type Place, requireRoot, requireVolume } from './enter.ts';
import { tenantLock, whileLocked } from './locked.ts';
import { hostFirewall } from './read-stack.ts';
import { findRelease } from './teardown-volume.ts';

export interface TeardownOptions extends TenantOptions {
  readonly deleteData?: boolean;
  /** The tenant's name, typed once more. */
  readonly confirm?: string;
  /** Unmount the volume that the tenant's record names, and take it out of /etc/fstab. */
  readonly releaseVolume?: boolean;
  readonly dryRun?: boolean;
}

const DELETING: Danger = {
  what: 'deleting data',
  question: 'This deletes all data',
  otherwise: 'leave --delete-data away to keep the data',
};

/** Removes a tenant's stack. Data goes only when it was asked for and the tenant's name was typed. */
export async function teardown(context: Context, options: TeardownOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  if (options.confirm !== undefined) requireSameName(place.tenant, options.confirm);
  await requireReachableData(context, place, options);
  await whileLocked(context, tenantLock(place), options, async () => {
    const steps = planTeardown(place.tenant, await findRemains(context, place, options));
    context.report.plan(steps, true);
    if (options.dryRun !== true) {
      if (options.deleteData === true)
        await requireConfirmation(context, place.tenant, options.confirm, DELETING);
      await carryOut(context, place.tenant.name, steps);
    }
    summarise(context, place, steps, options);
  });
}

/** @throws AiplatError (exit 3) when data is to be deleted and lies on a volume that is not mounted. */
async function requireReachableData(context: Context, place: Place, options: TeardownOptions): Promise<void> {
  const volume = options.releaseVolume === true ? await findRelease(context, place) : undefined;
  if (options.deleteData !== true) return;
  if (volume === undefined || !isReleased(volume)) return requireVolume(context, place);
  context.report.warn('The volume is released already: what is on it is not touched now.');
}

/** What `aiplat setup` makes below the base directory; anything else there is not aiplat's to delete. */
const OWN_DIRECTORIES = ['data', 'logs', 'config', 'apparmor', 'ssl'];

async function findRemains(context: Context, place: Place, options: TeardownOptions): Promise<Remains> {
  const { host } = context;
  const { tenant, config } = place;
  const volume = options.releaseVolume === true ? await findRelease(context, place) : undefined;
  const data = options.deleteData === true ? await dataDirectories(host, tenant.baseDir, volume) : [];
  const candidates = [
    { path: stateDirectory(config.stateDir, tenant), why: 'rendered files, routes among them' },
    { path: profilePath(tenant), why: 'AppArmor profiles' },
    ...data.map((path) => ({ path, why: '--delete-data' })),
  ];
  const [containers, networks, found, loaded, slices] = await Promise.all([
    host.docker.listContainers({ labels: { [LABEL.tenant]: tenant.name } }),
    host.docker.listNetworks(),
    Promise.all(candidates.map(({ path }) => host.files.stat(path))),
    host.apparmor.loaded(),
    findSlices(host, tenant),
  ]);
  const profiles = [...(loaded?.keys() ?? [])].filter((name) => isProfileOf(name, tenant.uid));
  return {
    containers,
    networks,
    firewall: await findFirewall(host, config, tenant),
    edge: await edgeWithout(host, place),
    directories: candidates.filter((_, at) => found[at] !== undefined),
    profiles,
    slices,
    volume,
  };
}

/** The firewall as it has to be without this tenant; undefined when it has nothing of it. */
async function findFirewall(
  host: Host,
  config: HostConfig,
  tenant: Tenant,
): Promise<FirewallWish | undefined> {
  if (config.firewall === 'off') return undefined;
  const [template, unitTemplate] = await Promise.all(
    ['firewall/aiplat.nft', 'firewall/aiplat-firewall.service'].map((name) => host.templates.text(name)),
  );
  const wish = { ...hostFirewall(config), tenant: tenant.name, entry: undefined };
  const full = { ...wish, template: template ?? '', unitTemplate: unitTemplate ?? '' };
  return firewallFault(await observeFirewall(host, full)) === undefined ? undefined : full;
}

/** Whichever driver the engine had when they were made. */
async function findSlices(host: Host, { uid }: Tenant): Promise<Slice[]> {
  const all = (['systemd', 'cgroupfs'] as const).map((driver) => ({
    driver,
    parent: sliceParent(uid, driver),
  }));
  const found = await Promise.all(all.map((slice) => host.slices.limits(slice)));
  return all.filter((_, at) => found[at] !== undefined);
}

/** The base directory as a whole when it holds nothing else and is no volume; otherwise what is aiplat's in it. */
async function dataDirectories(host: Host, baseDir: string, volume: Release | undefined): Promise<string[]> {
  if (volume !== undefined && isReleased(volume)) return [];
  const [names, isVolume] = await Promise.all([host.files.list(baseDir), host.files.isMountPoint(baseDir)]);
  const isOwnAlone = !isVolume && names.every((name) => OWN_DIRECTORIES.includes(name));
  return isOwnAlone ? [baseDir] : OWN_DIRECTORIES.map((name) => `${baseDir}/${name}`);
}

function summarise(
  { report }: Context,
  place: Place,
  steps: readonly Step[],
  options: TeardownOptions,
): void {
  const { tenant } = place;
  report.document({ tenant: tenant.name, changed: options.dryRun === true ? 0 : steps.length });
  if (options.dryRun === true)
    return report.show([`${steps.length} steps would be taken; nothing was changed.`]);
  const kept = options.deleteData === true ? '' : ` ${keptWords(place, options)}`;
  report.show([
    steps.length === 0
      ? `Nothing to do: ${tenant.name} has no stack here.${kept}`
      : `${tenant.name} is gone.${kept}`,
  ]);
}

const keptWords = ({ tenant, record }: Place, { releaseVolume }: TeardownOptions): string =>
  releaseVolume === true
    ? `The data stays on its volume ${choiceWords(record)}, which is not mounted any more.`
    : `The data stays in ${tenant.baseDir}.`;
