import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { refused } from '../errors.ts';

/** The part of the environment that says where the engine is. */
export interface EndpointEnv {
  readonly DOCKER_HOST?: string | undefined;
  readonly DOCKER_CONTEXT?: string | undefined;
  readonly DOCKER_CONFIG?: string | undefined;
  readonly HOME?: string | undefined;
}

const DEFAULT_ENDPOINT = 'unix:///var/run/docker.sock';

/** Where the engine is, by the Docker CLI's rules: DOCKER_HOST, then the context, then the usual socket. */
export async function findEndpoint(env: EndpointEnv): Promise<string> {
  if (env.DOCKER_HOST) return env.DOCKER_HOST;
  const configDir = env.DOCKER_CONFIG ?? join(env.HOME ?? '/root', '.docker');
  const context = env.DOCKER_CONTEXT ?? (await currentContext(configDir));
  if (context === undefined || context === '' || context === 'default') return DEFAULT_ENDPOINT;
  return contextEndpoint(configDir, context);
}

async function currentContext(configDir: string): Promise<string | undefined> {
  const config = await readJson(join(configDir, 'config.json'));
  return typeof config?.currentContext === 'string' ? config.currentContext : undefined;
}

/** The CLI keeps a context below contexts/meta, in a folder named by the SHA-256 of its name. */
async function contextEndpoint(configDir: string, context: string): Promise<string> {
  const id = createHash('sha256').update(context).digest('hex');
  const path = join(configDir, 'contexts', 'meta', id, 'meta.json');
  const meta = (await readJson(path)) as { Endpoints?: { docker?: { Host?: unknown } } } | undefined;
  const host = meta?.Endpoints?.docker?.Host;
  if (typeof host === 'string') return host;
  throw refused(
    `The Docker context ${JSON.stringify(context)} is not known.`,
    `${path} does not exist or names no host.`,
    'Choose another with `docker context use NAME`, or set DOCKER_HOST.',
  );
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/**
 * What the client needs to reach an endpoint.
 * @throws AiplatError (exit 2) for an engine on another machine: it could not mount this host's volumes.
 */
export function clientOptions(endpoint: string): Dockerode.DockerOptions {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) };
  const match = /^(?:tcp|http):\/\/(127\.[\d.]+|localhost|\[::1\]):(\d+)\/?$/.exec(endpoint);
  if (match?.[1] !== undefined) return { protocol: 'http', host: match[1], port: Number(match[2]) };
  throw refused(
    `aiplat does not use the engine at ${endpoint}.`,
    'Tenants live on the volumes of the machine that the engine runs on, so aiplat has to run there too.',
    'Log in to that machine and run aiplat there, or set DOCKER_HOST=unix:///var/run/docker.sock.',
  );
}
