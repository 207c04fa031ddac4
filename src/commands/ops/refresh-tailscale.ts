import { catalog } from '../../catalog/catalog.ts';
import type { FoundContainer } from '../../host/docker.ts';
import { loginContainer } from '../../stack/login.ts';
import type { Stack, WantedService } from '../../stack/stack.ts';
import type { Step } from '../../stack/step.ts';
import { serviceId } from '../../stack/step-ids.ts';
import { mergeEnv } from '../../tenant/env-file.ts';
import { AUTH_KEY } from '../../tenant/env-keys.ts';
import { envPath } from '../../tenant/layout.ts';
import { LABEL } from '../../tenant/names.ts';
import { parseSettings } from '../../tenant/settings.ts';
import type { Context, TenantOptions } from '../context.ts';
import { decide, start, verify } from '../deploy.ts';
import { CONFIG_LIMIT_BYTES, enter, type Place, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { keyContext, readSettings, stackOf } from '../read-stack.ts';
import { readAuthKey } from './auth-key.ts';
import { changedServices } from './followers.ts';

export interface RefreshOptions extends TenantOptions {
  /** Where the key lies; left out, it comes on stdin. */
  readonly file?: string;
  readonly dryRun?: boolean;
  /** Seconds that the node may take to be let in. */
  readonly timeout: number;
}

const NODE = 'tailscale';
const LOGIN = 'login';

/**
 * Takes a new auth key: logs the node in with it, keeps it in the `.env` when that went well, and brings up the node
 * and what shares its network as a deploy does.
 */
export async function refreshTailscale(context: Context, options: RefreshOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  const key = await readAuthKey(context, place, options.file);
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const { env, stack, changed } = await draft(context, place, key);
    const household = householdOf(stack);
    const only = household.length === 0 ? [] : [...household, ...changed].map(({ service }) => service.name);
    const followed = only.length === 0 ? [] : await follow(context, place, stack, only);
    const steps = [...followed, ...env];
    const manner = { wait: true, timeout: options.timeout };
    context.report.plan(steps, options.dryRun === true);
    if (options.dryRun !== true) {
      await start(context, stack, steps, manner);
      if (only.length > 0) await verify(context, stack, { ...manner, only });
    }
    summarise(context, place, { only, steps: steps.length, isDry: options.dryRun === true });
  });
}

interface Draft {
  /** Puts the key into the `.env`, unless it is there already. */
  readonly env: readonly Step[];
  /** The stack as it has to be with it. */
  readonly stack: Stack;
  /** Those of its services that are others with it: Caddy, too, when OpenClaw comes with its first key. */
  readonly changed: readonly WantedService[];
}

async function draft(context: Context, place: Place, value: string): Promise<Draft> {
  const { tenant } = place;
  const path = envPath(tenant);
  const settings = await readSettings(context, tenant);
  const text = (await context.host.files.readText(path, CONFIG_LIMIT_BYTES)) ?? '';
  const merged = mergeEnv(text, [{ title: 'Tailscale', notes: [], lines: [{ key: AUTH_KEY, value }] }]);
  const write = { do: 'write file', target: path, why: `new value: ${AUTH_KEY}`, text: merged } as const;
  const owner = { uid: tenant.uid, gid: tenant.gid, mode: 0o600 };
  const [before, stack] = await Promise.all([
    stackOf(context, place, settings),
    stackOf(context, place, parseSettings({ path, text: merged }, tenant, keyContext)),
  ]);
  return {
    env: merged === text ? [] : [{ id: 'env', needs: [LOGIN], ...write, ...owner }],
    stack,
    changed: changedServices(before, stack),
  };
}

/** The node and what shares its network; nothing on a host whose images have no Tailscale. */
function householdOf({ services }: Stack): WantedService[] {
  const node = services.find(({ service }) => service.name === NODE);
  if (node === undefined) return [];
  return [node, ...services.filter(({ container }) => container.networkOf === node.container.name)];
}

/** What a deploy does about them, after the node's login. */
async function follow(
  context: Context,
  place: Place,
  stack: Stack,
  only: readonly string[],
): Promise<readonly Step[]> {
  const steps = await decide(context, place, stack, { only });
  const labels = { [LABEL.tenant]: stack.tenant.name };
  const running = (await context.host.docker.listContainers({ labels })).filter(
    ({ state }) => state === 'running' || state === 'restarting',
  );
  const household = householdOf(stack);
  const starts = household.flatMap((wanted) => startOf(wanted, steps, running));
  const [node] = household;
  if (node === undefined) return steps;
  const { container, service } = node;
  const own = steps.find(({ id }) => id === serviceId(service.name));
  const login: Step = {
    id: LOGIN,
    do: 'log in node',
    target: container.name,
    why: 'it has a new key',
    needs: own?.needs ?? [],
    container: loginContainer(container),
    standing: household.flatMap((one) => running.find(({ name }) => name === one.container.name)?.id ?? []),
  };
  const ids = new Set(household.map((wanted) => serviceId(wanted.service.name)));
  const after = steps.map((step) => (ids.has(step.id) ? { ...step, needs: [...step.needs, LOGIN] } : step));
  return [...after, login, ...starts];
}

/** The login stops the node, and whatever shares its network is cut off: one with nothing else to do starts again. */
function startOf(
  { service, container, needs }: WantedService,
  steps: readonly Step[],
  running: readonly FoundContainer[],
): Step[] {
  const id = serviceId(service.name);
  const current = running.find(({ name }) => name === container.name);
  if (current === undefined || steps.some((step) => step.id === id)) return [];
  const after = [LOGIN, ...needs.map(serviceId)];
  const base = { id, target: container.name, why: 'its node logs in again', needs: after };
  return [{ ...base, do: 'restart container', containerId: current.id, profile: container.profile }];
}

interface Refreshed {
  readonly only: readonly string[];
  readonly steps: number;
  readonly isDry: boolean;
}

function summarise({ report }: Context, { tenant, config }: Place, { only, steps, isDry }: Refreshed): void {
  report.document({ tenant: tenant.name, services: only, changed: isDry ? 0 : steps });
  if (isDry) return report.show([`${steps} steps would be taken; nothing was changed.`]);
  const hasNode = catalog.get(NODE)?.sources[config.images] !== undefined;
  report.show([
    only.length > 0
      ? `${tenant.name} is logged in to Tailscale with its new key.`
      : `${tenant.name} keeps its new key; ${hasNode ? 'no service that is switched on uses it' : `this host has no Tailscale ("images": "${config.images}")`}.`,
  ]);
}
