import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edgePaths, renderEdge } from '../../../src/edge/config.ts';
import { claimFault, type Route } from '../../../src/edge/route.ts';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import { TEMPLATES_DIR } from '../sample.ts';

const route = (tenant: string, domain: string, more: Partial<Route> = {}): Route => ({
  ...{ tenant, domain, address: '127.0.0.1', https: 5043, http: 5080, isLive: true },
  ...more,
});
const OTHERS = [route('tenant-1001', 'tenant-1001.datasquiz.net'), route('tenant-1003', 'ai.example.org')];
const PLACES = { baseDomain: 'datasquiz.net', own: 'tenant-1002.datasquiz.net' };

const text = (name: string): string => readFileSync(join(TEMPLATES_DIR, 'edge', name), 'utf8');
const templates = {
  main: text('haproxy.cfg'),
  tenant: text('tenant.cfg'),
  unit: text('aiplat-edge.service'),
};
const { edge } = parseHostConfig('{"edge": {"addresses": ["192.0.2.7", "::"]}}', '');
const render = (routes: readonly Route[]) =>
  renderEdge(templates, edgePaths('/var/lib/aiplat', '/run/aiplat'), edge, routes);

describe('a domain', () => {
  it.each([
    'tenant-1002.datasquiz.net',
    'lab.tenant-1002.datasquiz.net',
    'other.example.org',
    'mai.example.org',
    'datasquiz.net.example',
  ])('%s can be had', (domain) => {
    expect(claimFault({ tenant: 'tenant-1002', domain }, OTHERS, PLACES)).toBeUndefined();
  });

  it.each([
    'ai.example.org',
    'n8n.ai.example.org',
    'example.org',
    'tenant-1001.datasquiz.net',
    'n8n.tenant-1001.datasquiz.net',
    'tenant-1004.datasquiz.net',
    'datasquiz.net',
    'net',
  ])('%s cannot: exit 2, and nothing is told of who has it', (domain) => {
    const fault = claimFault({ tenant: 'tenant-1002', domain }, OTHERS, PLACES);
    expect(fault?.exitCode).toBe(2);
    expect(`${fault?.why} ${fault?.fix}`).not.toMatch(/tenant-100[134]/);
  });

  it('stays with who has it', () => {
    expect(claimFault({ tenant: 'tenant-1003', domain: 'ai.example.org' }, OTHERS, PLACES)).toBeUndefined();
  });
});

describe('the configuration of the edge', () => {
  it('is as it was agreed', async () => {
    const { config, map } = render(OTHERS);
    await expect(`${config}\n# hosts.map\n${map}`).toMatchFileSnapshot(
      join(import.meta.dirname, '../golden/haproxy.cfg'),
    );
  });

  it('does not depend on who was set up first, and tells its content by its version', () => {
    expect(render([...OTHERS].reverse())).toEqual(render(OTHERS));
    expect(render(OTHERS.slice(1)).version).not.toBe(render(OTHERS).version);
  });

  it('leaves out who is not ready', () => {
    const waiting = OTHERS.map((one) => ({ ...one, isLive: false }));
    expect(render(waiting)).toEqual(render([]));
  });

  it.each<Partial<Route>>([
    { domain: 'a.example tenant-1\nserver x 127.0.0.1:22' },
    { tenant: 'tenant-1001\n' },
    { address: '0.0.0.0' },
    { https: '1 check' as never },
  ])('takes no %j', (more) => {
    expect(() => render([route('tenant-1001', 'a.example', more)])).toThrow('cannot stand in the edge');
  });
});
