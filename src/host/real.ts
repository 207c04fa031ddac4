import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { realAccounts } from './accounts.ts';
import { realAppArmor } from './apparmor.ts';
import { realCertificates } from './certificates.ts';
import { realCommands } from './commands.ts';
import { realDisks } from './disks.ts';
import type { DockerEngine } from './docker.ts';
import { type EndpointEnv, findEndpoint } from './docker-endpoint.ts';
import { realEdge } from './edge.ts';
import { realFiles } from './files.ts';
import type { Host } from './host.ts';
import { realInput } from './input.ts';
import { realJournal } from './journal.ts';
import { realLocks } from './locks.ts';
import { realMeters } from './meters.ts';
import { realMounts } from './mounts.ts';
import { realPacketFilter } from './packet-filter.ts';
import { realProbes } from './probes.ts';
import { realHttp } from './real-http.ts';
import { realSlices } from './slices.ts';
import { realSockets } from './sockets.ts';
import { realSysctl } from './sysctl.ts';
import { templatesIn } from './templates.ts';
import { realUnits } from './units.ts';

/** The machine on which aiplat runs. The engine's client, the heaviest part, loads with its first use. */
export const realHost = (env: EndpointEnv, templatesRoot: string): Host => ({
  docker: lazyEngine(env),
  accounts: realAccounts,
  input: realInput,
  sysctl: realSysctl,
  certificates: realCertificates,
  files: realFiles,
  journal: realJournal,
  sockets: realSockets,
  locks: realLocks,
  meters: realMeters,
  apparmor: realAppArmor,
  slices: realSlices,
  packetFilter: realPacketFilter,
  units: realUnits,
  edge: realEdge,
  disks: realDisks,
  mounts: realMounts,
  probes: realProbes,
  http: realHttp,
  templates: templatesIn(templatesRoot),
  commands: realCommands,
  clock: { now: () => new Date(), sleep: (ms) => sleep(ms) },
  random: (count) => randomBytes(count),
});

function lazyEngine(env: EndpointEnv): DockerEngine {
  let engine: Promise<DockerEngine> | undefined;
  const load = async (): Promise<DockerEngine> => {
    const [endpoint, { dockerEngine }] = await Promise.all([findEndpoint(env), import('./docker-engine.ts')]);
    return dockerEngine(endpoint);
  };
  return new Proxy({} as DockerEngine, {
    get:
      (_target, verb: keyof DockerEngine) =>
      async (...args: unknown[]) => {
        engine ??= load();
        return ((await engine)[verb] as (...inner: unknown[]) => unknown)(...args);
      },
  });
}
