import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sinceSeconds } from '../../../src/commands/ops/logs.ts';
import { changedParts, digest, hashParts } from '../../../src/stack/hash.ts';
import type { HostFirewall } from '../../../src/stack/stack.ts';
import { isAtLeast } from '../../../src/stack/versions.ts';
import { sampleStack } from '../sample.ts';

const golden = (name: string): string => join(import.meta.dirname, '../golden', name);
const stack = sampleStack({ services: ['caddy', 'prometheus', 'n8n', 'openclaw', 'valkey', 'postgres'] });
const files = stack.services.flatMap(({ rendered }) => rendered?.files ?? []);
const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? '';

describe('rendered files', () => {
  it.each([
    ['caddy/Caddyfile', 'Caddyfile'],
    ['caddy/site/index.html', 'index.html'],
    ['prometheus/prometheus.yml', 'prometheus.yml'],
    ['valkey/valkey.conf', 'valkey.conf'],
  ])('%s is as it was agreed', async (path, name) => {
    await expect(textOf(path)).toMatchFileSnapshot(golden(name));
  });

  it('are closed to all but the UID that reads them', () => {
    expect(files.filter(({ mode }) => mode !== 0o400)).toEqual([]);
  });
});

describe('health checks', () => {
  const health = (hasStartInterval: boolean, service = 'chroma') =>
    sampleStack({ services: [service], hasStartInterval }).services.find(
      (one) => one.service.name === service,
    )?.container.health;

  it('are often at first and rare later where the engine knows how', () => {
    expect(health(true)).toMatchObject({ startIntervalMs: 1000, intervalMs: 30_000 });
  });

  it('are rarer at first for a service that starts slowly', () => {
    expect(health(true, 'n8n')).toMatchObject({ startIntervalMs: 2000, intervalMs: 30_000 });
  });

  it('are short throughout where it does not', () => {
    expect(health(false)).toMatchObject({ startIntervalMs: 0, intervalMs: 5000 });
  });
});

describe('names of the world', () => {
  const dns = (egress: HostFirewall['egress']) =>
    sampleStack({ firewall: { stateDir: '/var/lib/aiplat', lockPath: '/run/aiplat/locks/firewall', egress } })
      .services[0]?.container.dns;

  it('are asked for where the host asks, and nowhere on a host that lets nothing out', () => {
    expect(dns('open')).toBeUndefined();
    expect(dns(['203.0.113.0/24'])).toBeUndefined();
    expect(dns('closed')).toEqual(['127.0.0.1']);
  });
});

describe('versions', () => {
  it.each([
    ['6.1.0-42-cloud-amd64', '5.14', true],
    ['5.14.0', '5.14', true],
    ['5.10.0-30', '5.14', false],
    ['1.44', '1.44', true],
    ['1.5', '1.44', false],
    ['2.0', '1.44', true],
  ])('%s is at least %s: %s', (version, wanted, expected) => {
    expect(isAtLeast(version, wanted)).toBe(expected);
  });
});

describe('the hash of a container', () => {
  const [first] = stack.services;
  const container = first?.container as NonNullable<typeof first>['container'];

  it('does not depend on the order of keys', () => {
    expect(digest({ a: 1, b: { c: 2, d: 3 } })).toBe(digest({ b: { d: 3, c: 2 }, a: 1 }));
    expect(digest(['a', 'b'])).not.toBe(digest(['b', 'a']));
  });

  it('does not depend on labels and name', () => {
    const renamed = { ...container, name: 'x', labels: { y: 'z' } };
    expect(hashParts(renamed, undefined)).toEqual(hashParts(container, undefined));
  });

  it.each([
    ['image', { image: 'x' }],
    ['env', { env: { A: 'b' } }],
    ['settings', { memoryBytes: 1 }],
    ['settings', { user: '0:0' }],
    ['ports', { ports: [] }],
    ['mounts', { mounts: [] }],
    ['network', { network: 'x' }],
  ])('changes in its part %s', (part, change) => {
    const [before, after] = [
      hashParts(container, undefined),
      hashParts({ ...container, ...change }, undefined),
    ];
    expect(after.hash).not.toBe(before.hash);
    expect(changedParts(JSON.stringify(before.parts), JSON.stringify(after.parts))).toEqual([part]);
  });

  it('is new when nothing is remembered', () => {
    expect(changedParts('no JSON', JSON.stringify({ image: 'x' }))).toEqual(['image']);
  });
});

describe('--since', () => {
  const now = new Date('2026-11-24T10:00:00Z');
  const seconds = now.getTime() / 1000;
  it.each([
    ['30s', seconds - 30],
    ['10m', seconds - 600],
    ['2h', seconds - 7200],
    ['1d', seconds - 86_400],
    ['2026-11-24T09:00:00Z', seconds - 3600],
  ])('%s is a time', (text, expected) => {
    expect(sinceSeconds(text, now)).toBe(expected);
  });

  it.each(['', 'yesterday', '10', '-1h', '1w', '2026-13-45'])('%j is none', (text) => {
    expect(() => sinceSeconds(text, now)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
