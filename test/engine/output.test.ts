import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, sweep } from './aiplat.ts';

const TENANT = 'tenant-1031';
let installation: Installation;

beforeAll(async () => {
  installation = await install();
});
afterAll(() => sweep(installation, [TENANT]));

/** A line of shell in which `aiplat` is the one under test. */
const shell = (line: string) =>
  execa('bash', ['-c', `aiplat() { "$NODE" "$START" "$@"; }; ${line}`], {
    reject: false,
    env: installation.environment,
  });

describe('whoever reads the words', () => {
  it('may go away: what has begun is brought to its end', async () => {
    await shell(`aiplat setup --tenant ${TENANT} --services valkey --vector-db chroma`);
    await shell(`aiplat deploy --tenant ${TENANT} 2>&1 | true`);
    const { exitCode, stdout } = await shell(`aiplat deploy --tenant ${TENANT}`);
    expect(stdout).toMatch(/Nothing to do/);
    expect(exitCode).toBe(0);
  });

  it('is told when the answer finds no room', async () => {
    const { exitCode, stderr } = await shell(`aiplat ops status --tenant ${TENANT} >/dev/full`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/The answer cannot be written: ENOSPC/);
    expect(stderr).not.toMatch(/ {4}at /);
  });
});
