import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderProfiles } from '../../../src/apparmor/profile.ts';
import { catalog } from '../../../src/catalog/catalog.ts';
import type { Service } from '../../../src/catalog/schema.ts';
import { isProfileOf } from '../../../src/tenant/names.ts';
import { sampleStack, TEMPLATES_DIR, TENANT } from '../sample.ts';

const templates = {
  header: readFileSync(join(TEMPLATES_DIR, 'apparmor/header'), 'utf8'),
  profile: readFileSync(join(TEMPLATES_DIR, 'apparmor/profile'), 'utf8'),
};
const entry = (name: string): Service => catalog.get(name) as Service;
const render = (services: readonly Service[], dataRoot = '/mnt') =>
  renderProfiles(TENANT, services, dataRoot, templates);

const hasParser = existsSync('/usr/sbin/apparmor_parser');

/** `-Q` loads nothing, `-T -K` leave the caches alone. @throws with the parser's own words. */
function parse(text: string): void {
  execFileSync('/usr/sbin/apparmor_parser', ['-QTK'], { input: text, stdio: ['pipe', 'ignore', 'pipe'] });
}

describe('the profiles of a tenant', () => {
  it('are as they were agreed', async () => {
    const { text } = render([entry('postgres'), entry('openclaw')]);
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../golden/profiles'));
  });

  it('are one a service and one for all else, in one file', () => {
    const { names, path } = render([entry('n8n'), entry('openclaw')]);
    expect(names).toEqual(['ai-platform-1001', 'ai-platform-1001-n8n', 'ai-platform-openclaw-1001']);
    expect(path).toBe('/etc/apparmor.d/aiplat-tenant-1001');
  });

  it('are the names that containers ask for', () => {
    const { services, profiles } = sampleStack({ services: ['caddy', 'n8n', 'openclaw'] });
    for (const { container } of services) expect(profiles?.names).toContain(container.profile);
  });

  it.runIf(hasParser)('of the whole catalogue are accepted by the parser', () => {
    expect(() => parse(render([...catalog.values()]).text)).not.toThrow();
  });

  it.runIf(hasParser)('are really read by it: a mistake is refused', () => {
    expect(() =>
      parse(render([entry('n8n')]).text.replace('network inet stream,', 'network inet')),
    ).toThrow();
  });

  it.each([
    '/data with space',
    '/data\n/** rwx,',
    '/data}',
    '/data"',
    '/da*ta',
    '/[a-z]',
    '/@{HOME}',
    '/a/../etc',
    '/etc',
    '/proc/sys',
    '/usr/bin',
    'data',
    '',
    '/',
  ])('cannot be told to let %j be written', (path) => {
    const service = { ...entry('n8n'), mounts: [{ path, dir: 'n8n' }] };
    expect(() => render([service])).toThrow('cannot stand in an AppArmor profile');
  });

  it('cannot be opened by the place of the volumes', () => {
    expect(() => render([], '/mnt/** rwx,\n  /x')).toThrow('cannot stand in an AppArmor profile');
  });
});

describe('a profile in the kernel', () => {
  it.each([
    ['ai-platform-1001', true],
    ['ai-platform-1001-n8n', true],
    ['ai-platform-openclaw-1001', true],
    ['ai-platform-tenant-1001-wiki', true],
    ['ai-platform-10011', false],
    ['ai-platform-10011-n8n', false],
    ['ai-platform-openclaw-10011', false],
    ['ai-platform-1002', false],
    ['docker-default', false],
  ])('%s is one of tenant-1001: %s', (name, expected) => {
    expect(isProfileOf(name, 1001)).toBe(expected);
  });
});
