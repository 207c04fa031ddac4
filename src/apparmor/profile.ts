import { expand, type Scope } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import type { Tenant } from '../tenant/identity.ts';
import { profileName } from '../tenant/names.ts';

/** All AppArmor profiles of one tenant: one file, one load. */
export interface ProfileFile {
  /** Where the system loads it from at every boot, before Docker starts. */
  readonly path: string;
  /** The same text where the tenant can read it. */
  readonly copy: string;
  readonly text: string;
  readonly names: readonly string[];
}

/** Texts of templates/apparmor. */
export interface ProfileTemplates {
  readonly header: string;
  readonly profile: string;
}

/** What one profile allows beyond the rules that all share. */
interface Confined {
  readonly name: string;
  /** Paths inside the container. */
  readonly writable: readonly string[];
  readonly runsData: string | undefined;
  readonly readsAccounts: string | undefined;
  readonly usesGpu: boolean;
}

const PROFILE_DIR = '/etc/apparmor.d';

/** Plain paths only: in a profile a space, a brace or a star has a meaning. */
const PLAIN_PATH = /^(\/[A-Za-z0-9._-]+)+$/;
/** Places that no service may have as its own to write. */
const SYSTEM_PATHS = ['/proc', '/sys', '/dev', '/etc', '/usr', '/bin', '/sbin', '/lib', '/root', '/boot'];

export const profilePath = (tenant: Tenant): string => `${PROFILE_DIR}/aiplat-${tenant.name}`;

/** Renders the profiles of a tenant. `dataRoot` is where the host keeps the tenants' volumes. */
export function renderProfiles(
  tenant: Tenant,
  services: readonly Service[],
  dataRoot: string,
  templates: ProfileTemplates,
): ProfileFile {
  const fallback: Confined = {
    name: profileName(tenant.uid),
    writable: ['/tmp'],
    runsData: undefined,
    readsAccounts: undefined,
    usesGpu: false,
  };
  const all = [fallback, ...services.map((service) => confinedOf(service, tenant))];
  const header = expand(templates.header, { tenant: () => tenant.name, default: () => fallback.name });
  return {
    path: profilePath(tenant),
    copy: `${tenant.baseDir}/apparmor/profiles`,
    text: header + all.map((one) => expand(templates.profile, scopeOf(one, dataRoot))).join(''),
    names: all.map(({ name }) => name),
  };
}

const confinedOf = (service: Service, tenant: Tenant): Confined => ({
  name: profileName(tenant.uid, service.name),
  writable: [...service.mounts, ...service.tmpfs].map(({ path }) => path),
  runsData: service.apparmor.runsDataBecause,
  readsAccounts: service.apparmor.readsAccountsBecause,
  usesGpu: service.gpu,
});

function scopeOf({ name, writable, runsData, readsAccounts, usesGpu }: Confined, dataRoot: string): Scope {
  const roots = [...new Set(writable.flatMap(aliases))].map(plainPath);
  return {
    name: () => name,
    dataRoot: () => plainPath(dataRoot),
    writable: () =>
      [...roots.flatMap((root) => writableRules(root, runsData)), ...(usesGpu ? GPU_RULES : [])].join('\n'),
    accounts: () => accountRules(readsAccounts),
  };
}

/** /var/run is a link to /run in nearly every image, and the kernel checks the path behind the link. */
const aliases = (path: string): string[] =>
  path.startsWith('/var/run/') ? [path, path.slice('/var'.length)] : [path];

/** Devices of NVIDIA's driver (NVIDIA Container Toolkit); programs order their work by writing to them. */
const GPU_RULES = ['  /dev/nvidia{[0-9]*,ctl,-uvm,-uvm-tools,-modeset} rw,', '  /dev/nvidia-caps/** rw,'];

function writableRules(root: string, runsData: string | undefined): string[] {
  const rules = [`  ${root}/ rw,`, `  owner ${root}/** rwkl,`];
  return runsData === undefined
    ? [...rules, `  audit deny ${root}/** x,`]
    : [`  # Programs there may run: ${oneLine(runsData)}`, ...rules];
}

const accountRules = (reason: string | undefined): string =>
  reason === undefined
    ? '\n  # Names of accounts are nothing that a program under a bare UID needs.\n  deny /etc/{passwd,group}{,-} rwklmx,\n'
    : `\n  # It may read /etc/passwd: ${oneLine(reason)}\n`;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/**
 * A path that is safe inside a profile.
 * @throws Error for anything else: it comes from the catalogue or the host config, both checked before.
 */
function plainPath(path: string): string {
  const isSystem = SYSTEM_PATHS.some((root) => path === root || path.startsWith(`${root}/`));
  if (PLAIN_PATH.test(path) && !path.split('/').includes('..') && !isSystem) return path;
  throw new Error(`${JSON.stringify(path)} cannot stand in an AppArmor profile`);
}
