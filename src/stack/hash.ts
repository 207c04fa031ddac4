import { createHash } from 'node:crypto';
import type { ContainerSpec } from '../host/docker.ts';
import type { RenderedFolder } from './files.ts';

export type Parts = Readonly<Record<string, string>>;

/**
 * The parts of a container that need another container when they change, each as a short hash, and the
 * hash of them all. Labels and the name are no part: changing them alone replaces nothing.
 * @param owner the hash of the container whose network it shares: another one has another network.
 */
export function hashParts(
  container: ContainerSpec,
  files: RenderedFolder | undefined,
  owner?: string,
): { parts: Parts; hash: string } {
  const { env, ports, mounts, image, network, aliases, labels: _labels, name: _name, ...process } = container;
  const parts = {
    image: digest(image),
    env: digest(env),
    ports: digest(ports),
    mounts: digest(
      files === undefined ? mounts : mounts.filter(({ source }) => !source.startsWith(files.root)),
    ),
    files: digest(files?.files ?? []),
    network: digest(owner === undefined ? [network, aliases] : [owner]),
    settings: digest(process),
  };
  return { parts, hash: digest(parts) };
}

/** A short SHA-256 of any data; the order of keys does not count. */
export const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('hex').slice(0, 12);

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Which parts differ, in words, from what the labels of the old container remember. */
export function changedParts(before: string | undefined, after: string | undefined): string[] {
  const old = parseParts(before);
  const now = parseParts(after);
  return Object.keys(now).filter((part) => old[part] !== now[part]);
}

function parseParts(label: string | undefined): Parts {
  try {
    const value: unknown = JSON.parse(label ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Parts) : {};
  } catch {
    return {};
  }
}
