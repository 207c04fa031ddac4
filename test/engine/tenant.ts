import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog, vectorDbs } from '../../src/catalog/catalog.ts';
import type { Service } from '../../src/catalog/schema.ts';
import { realHost } from '../../src/host/real.ts';
import { imageReferences, readRecipes } from '../../src/images/read.ts';
import { allocatePorts } from '../../src/ports/allocate.ts';
import { apply, type Progress } from '../../src/stack/apply.ts';
import { observe } from '../../src/stack/observe.ts';
import { planDeploy } from '../../src/stack/plan.ts';
import { describeStack } from '../../src/stack/stack.ts';
import { planLines, type Step } from '../../src/stack/step.ts';
import { planTeardown } from '../../src/stack/teardown-plan.ts';
import { TEMPLATE_NAMES } from '../../src/stack/templates.ts';
import { watchHealth } from '../../src/stack/wait.ts';
import { mergeEnv } from '../../src/tenant/env-file.ts';
import type { KeyContext } from '../../src/tenant/env-keys.ts';
import { wantedSections } from '../../src/tenant/env-plan.ts';
import { limitsOf, parseHostConfig } from '../../src/tenant/host-config.ts';
import { describeTenant } from '../../src/tenant/identity.ts';
import { baseDirectories } from '../../src/tenant/layout.ts';
import { LABEL, sliceParent } from '../../src/tenant/names.ts';
import { parseRecord } from '../../src/tenant/record.ts';
import { parseSettings } from '../../src/tenant/settings.ts';

const host = realHost({ DOCKER_HOST: process.env.DOCKER_HOST }, join(import.meta.dirname, '../../templates'));
const silent: Progress = { started() {}, noted() {}, succeeded() {}, failed() {}, skipped() {} };

/** A tenant of this process, for services that the catalogue does not have. */
export interface Lodger {
  readonly name: string;
  /** The value of a secret of its `.env`. */
  secret(key: string): string;
  edit(change: (env: string) => string): void;
  /** Deploys for real, and gives back what was done. */
  deploy(): Promise<string[]>;
  /** The address of one of its containers in its own network. */
  addressOf(service: string): Promise<string>;
  /** Runs a program in one of its containers: its exit code and its words. */
  inside(service: string, ...command: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** @param guest what runs beside the vector database. */
export async function lodge(uid: number, vectorDb: string, guest: Service): Promise<Lodger> {
  const dir = await mkdtemp(join(tmpdir(), 'aiplat-lodger-'));
  const config = parseHostConfig(
    JSON.stringify({ dataRoot: dir, stateDir: join(dir, 'state'), confinement: 'off', firewall: 'off' }),
    'config',
  );
  const tenant = describeTenant(uid, config);
  const keys: KeyContext = {
    services: [...catalog.keys(), guest.name],
    vectorDbs: vectorDbs(catalog),
    secrets: [...catalog.values(), guest].flatMap(({ secrets }) => secrets),
  };
  let env = mergeEnv(
    '',
    wantedSections({
      tenant,
      existing: {},
      choices: { domain: undefined, vectorDb, services: [guest.name] },
      defaults: { vectorDb, services: [] },
      ports: allocatePorts(tenant.block, {}, new Map()).ports,
      keys,
      random: randomBytes,
    }),
  );
  const { cgroupDriver } = await host.docker.facts();
  const texts = await Promise.all(
    TEMPLATE_NAMES.map(async (name) => [name, await host.templates.text(name)] as const),
  );
  const slice = {
    driver: cgroupDriver,
    parent: sliceParent(uid, cgroupDriver),
    limits: limitsOf(config, parseRecord(undefined, 'record')),
  };
  const images = imageReferences(await readRecipes(host));
  const describeNow = () =>
    describeStack({
      tenant,
      settings: parseSettings({ path: '.env', text: env }, tenant, keys),
      catalog: new Map([...catalog, [guest.name, guest]]),
      source: 'embedded',
      embeddedImages: images,
      templates: new Map(texts),
      hasStartInterval: false,
      kernel: '',
      confinement: 'off',
      models: [],
      hasGpu: false,
      dataRoot: dir,
      slice: { ...slice, directories: [] },
      firewall: undefined,
      renderedDir: join(dir, 'rendered'),
      version: '0.0.0',
    });
  const labels = { [LABEL.tenant]: tenant.name };
  const carryOut = async (steps: readonly Step[]): Promise<string[]> => {
    const watch = watchHealth(host, labels, 120_000);
    const { failed } = await apply(steps, { host, watch, wait: true }, silent);
    if (failed.length > 0) throw failed[0]?.error;
    return planLines(steps);
  };
  const containerOf = async (service: string) => {
    const [found] = await host.docker.listContainers({ labels: { ...labels, [LABEL.service]: service } });
    if (found === undefined) throw new Error(`${tenant.name} has no ${service}`);
    return found;
  };
  for (const directory of baseDirectories(tenant, tenant.domain)) await host.files.makeDirectory(directory);
  return {
    name: tenant.name,
    secret: (key) => new RegExp(`^${key}=(.+)$`, 'm').exec(env)?.[1] ?? '',
    edit: (change) => {
      env = change(env);
    },
    deploy: async () => {
      const stack = describeNow();
      return carryOut(planDeploy(stack, await observe(host, stack), { only: undefined }));
    },
    addressOf: async (service) => (await containerOf(service)).addresses[0] ?? '',
    inside: async (service, ...command) => {
      const { exitCode, output } = await host.docker.exec((await containerOf(service)).id, command, '');
      return `${exitCode} ${output}`.trim();
    },
    remove: async () => {
      const [containers, networks] = await Promise.all([
        host.docker.listContainers({ labels }),
        host.docker.listNetworks(),
      ]);
      const nothing = { directories: [], profiles: [], firewall: undefined, volume: undefined };
      await carryOut(planTeardown(tenant, { ...nothing, containers, networks, slices: [slice] }));
      await rm(dir, { recursive: true });
    },
  };
}
