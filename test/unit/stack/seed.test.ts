import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEMPLATES_DIR } from '../sample.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aiplat-seed-'));
  copyFileSync(join(TEMPLATES_DIR, 'openclaw/seed.mjs'), join(dir, 'seed.mjs'));
});

afterEach(() => rmSync(dir, { recursive: true }));

const config = (): string => join(dir, 'openclaw.json');
const read = (): unknown => JSON.parse(readFileSync(config(), 'utf8'));

/** OpenClaw starts with these settings of aiplat's. */
function start(settings: object): void {
  writeFileSync(join(dir, 'settings.json'), JSON.stringify(settings));
  execFileSync(process.execPath, [join(dir, 'seed.mjs')], {
    env: { OPENCLAW_CONFIG_PATH: config() },
    stdio: 'ignore',
  });
}

const origins = (...all: string[]) => ({ gateway: { mode: 'local', controlUi: { allowedOrigins: all } } });

describe("OpenClaw's own config", () => {
  it('has our settings before its first start, closed to all others', () => {
    start(origins('https://a'));
    expect(read()).toEqual(origins('https://a'));
    expect(statSync(config()).mode & 0o777).toBe(0o600);
  });

  it('keeps what OpenClaw wrote when our settings change: lists grow, objects are joined', () => {
    writeFileSync(config(), JSON.stringify({ ...origins('https://mine'), meta: { version: 1 }, tools: [1] }));
    start(origins('https://a'));
    expect(read()).toEqual({ ...origins('https://a', 'https://mine'), meta: { version: 1 }, tools: [1] });
    start(origins('https://a'));
    expect(read()).toEqual({ ...origins('https://a', 'https://mine'), meta: { version: 1 }, tools: [1] });
  });

  it('keeps what somebody changed afterwards, until our settings are others', () => {
    start({ agents: { sandbox: 'off' } });
    writeFileSync(config(), JSON.stringify({ agents: { sandbox: 'all' } }));
    start({ agents: { sandbox: 'off' } });
    expect(read()).toEqual({ agents: { sandbox: 'all' } });
    start({ agents: { sandbox: 'off', more: true } });
    expect(read()).toEqual({ agents: { sandbox: 'off', more: true } });
  });

  it('gets new models beside those that somebody described there', () => {
    const mine = { id: 'a', name: 'mine', contextWindow: 8192 };
    writeFileSync(config(), JSON.stringify({ models: [mine] }));
    start({ models: [{ id: 'a' }, { id: 'b' }] });
    expect(read()).toEqual({ models: [mine, { id: 'b' }] });
  });

  it('stays as it is when it is no plain JSON', () => {
    const text = '{ /* mine */ agents: {} }';
    writeFileSync(config(), text);
    start(origins('https://a'));
    expect(readFileSync(config(), 'utf8')).toBe(text);
  });
});
