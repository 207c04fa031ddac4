import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion, tenantCommands } from '../../../src/commands/completion.ts';
import { elevationRefused } from '../../../src/commands/elevation.ts';
import { buildProgram } from '../../../src/commands/program.ts';
import { INSTALL_TEMPLATES, type InstallTemplates, installPieces } from '../../../src/install/pieces.ts';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import { TEMPLATES_DIR } from '../sample.ts';

const program = buildProgram('1.2.3', async () => undefined);
const templates = Object.fromEntries(
  INSTALL_TEMPLATES.map((name) => [name, readFileSync(join(TEMPLATES_DIR, 'host', name), 'utf8')]),
) as InstallTemplates;
const FACTS = {
  configPath: '/etc/aiplat/config.json',
  node: '/opt/aiplat/node_modules/node/bin/node',
  start: '/opt/aiplat/dist/start.mjs',
  dockerHost: undefined,
  tenantCommands: ['setup', 'deploy', 'ops status'],
  completion: '',
};
const pieces = (facts: Partial<typeof FACTS> & { dockerHost?: string; runDir?: string } = {}) =>
  installPieces(
    parseHostConfig(JSON.stringify({ runDir: facts.runDir }), ''),
    { ...FACTS, ...facts },
    templates,
  );
const textOf = (path: string, facts = {}): string =>
  pieces(facts).find((piece) => piece.path === path)?.text ?? '';

const SUDOERS = '/etc/sudoers.d/aiplat';
const LAUNCHER = '/usr/local/sbin/aiplat';
const VISUDO = '/usr/sbin/visudo';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'aiplat-pieces-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('what host init writes', () => {
  it.each([SUDOERS, LAUNCHER, '/etc/logrotate.d/aiplat'])('%s is as it was agreed', async (path) => {
    const name = `host-${path.split('/').slice(-2).join('-')}`;
    await expect(textOf(path)).toMatchFileSnapshot(join(import.meta.dirname, '../golden', name));
  });

  it.runIf(existsSync(VISUDO))('is accepted by visudo, with every command of a tenant', () => {
    const file = join(dir, 'rule');
    writeFileSync(file, textOf(SUDOERS, { tenantCommands: tenantCommands(program) }), { mode: 0o440 });
    expect(spawnSync(VISUDO, ['-c', '-f', file], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });

  it('names every key of the host config with the value that holds without it', () => {
    const shown = templates['config.json'].replace(/^ {2}\/\/ (?="\w+": )/gm, '  ');
    const defaults = parseHostConfig(undefined, '');
    expect(parseHostConfig(shown, 'config.json')).toEqual(defaults);
    for (const [key, value] of Object.entries(defaults))
      if (value !== undefined) expect(shown).toContain(`\n  "${key}": `);
    expect(parseHostConfig(templates['config.json'], 'config.json')).toEqual(defaults);
  });

  it.each(['/opt/my programs/node', '/opt/$(id)/node', "/opt/a'b/node", '/opt/a;b/node'])(
    'has no place for %s',
    (node) => {
      expect(() => pieces({ node })).toThrow(/cannot be called by others from where it lies/);
    },
  );
});

/** Runs the launcher with a program in the place of Node.js that prints its environment. */
function launch(env: Readonly<Record<string, string>>, args: readonly string[] = []): string {
  const file = join(dir, 'launcher');
  const node = join(dir, 'node');
  writeFileSync(node, '#!/bin/sh\nprintf "%s\\n" "$@"; exec /usr/bin/env\n', { mode: 0o755 });
  writeFileSync(file, textOf(LAUNCHER, { node, runDir: join(dir, 'run') }), { mode: 0o755 });
  return execFileSync(file, [...args], { env: { PATH: '/usr/bin:/bin', ...env }, encoding: 'utf8' });
}

describe('the launcher', () => {
  const HOSTILE = {
    NODE_OPTIONS: '--require=/tmp/x.js',
    NODE_PATH: '/tmp',
    LD_PRELOAD_X: 'x',
    DOCKER_HOST: 'tcp://x',
    AIPLAT_CONFIG: '/tmp/c.json',
    HOME: '/tmp',
    BASH_ENV: '/tmp/x',
    TMPDIR: '/tmp/x',
  };

  it.runIf(process.getuid?.() === 0)('gives root for somebody else an environment of its own', () => {
    const said = launch({ ...HOSTILE, SUDO_UID: '1001', TERM: 'xterm', NO_COLOR: 'x' }, [
      'deploy',
      'a b',
      '*',
    ]);
    expect(said.split('\n').slice(0, 4)).toEqual([FACTS.start, 'deploy', 'a b', '*']);
    const names = said
      .split('\n')
      .slice(4, -1)
      .map((line) => line.split('=')[0]);
    const known = ['AIPLAT_CONFIG', 'HOME', 'LANG', 'NO_COLOR', 'PATH', 'PWD', 'SUDO_UID', 'TERM'];
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(said).toMatch(/^AIPLAT_CONFIG=\/etc\/aiplat\/config\.json$/m);
    expect(said).toMatch(/^HOME=\/root$/m);
    expect(said).toMatch(/^NO_COLOR=1$/m);
  });

  it('gives root itself what root has', () => {
    expect(launch(HOSTILE)).toMatch(/^DOCKER_HOST=tcp:\/\/x$/m);
  });

  it('names the engine that the admin named when the host was prepared', () => {
    expect(textOf(LAUNCHER, { dockerHost: 'unix:///run/other.sock' })).toContain(
      ' DOCKER_HOST=unix:///run/other.sock ',
    );
  });
});

describe('the completion of bash', () => {
  const complete = (line: string): string[] => {
    const words = line.split(' ');
    const script = `${bashCompletion(program)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _aiplat; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' })
      .split('\n')
      .filter((word) => word !== '');
  };

  it.each<[string, string[]]>([
    ['aiplat de', ['deploy']],
    ['aiplat ops ', ['status', 'logs', '--help']],
    ['aiplat --x', []],
    ['aiplat deploy --on', ['--only']],
    ['aiplat deploy --only n8n --wait', ['--wait-lock']],
    ['aiplat host images b', ['build']],
    ['aiplat ops backup l', ['list']],
    ['aiplat ops backup --tenant tenant-1001 --dr', ['--dry-run']],
    ['aiplat ops backup list --te', ['--tenant']],
    ['aiplat ops restore latest --serv', ['--service']],
    ['aiplat host admit alice --vol', ['--volume']],
  ])('%s', (line, expected) => {
    expect(complete(line)).toEqual(expect.arrayContaining(expected));
    if (expected.length <= 1) expect(complete(line)).toEqual(expected);
  });
});

describe('a command line that sudo does not let through', () => {
  const fixOf = (...words: string[]): string =>
    elevationRefused({ uid: 1002, commandLine: `aiplat ${words.join(' ')}` }, words, tenantCommands(program))
      .fix;

  it('of a tenant command says how to be admitted', () => {
    expect(fixOf('deploy')).toMatch(/sudo aiplat host admit 1002$/);
    expect(fixOf('ops', 'status', '--json')).toMatch(/sudo aiplat host admit 1002$/);
  });

  it('of an admin says what the admin has to type', () => {
    expect(fixOf('host', 'doctor')).toMatch(/sudo aiplat host doctor$/);
    expect(fixOf('deployment')).toMatch(/sudo aiplat deployment$/);
  });
});
