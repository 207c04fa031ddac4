import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { type RenewOptions, renewSsl } from '../../src/commands/ops/renew-ssl.ts';
import { isDue } from '../../src/proxy/renewal.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import { deployedMachine, succeed, TENANT } from '../fake/machines.ts';
import { runCommand } from '../fake/process.ts';

const NAMES = [
  'tenant-1001.datasquiz.net',
  'n8n.tenant-1001.datasquiz.net',
  'prometheus.tenant-1001.datasquiz.net',
];
const HOUR_MS = 3_600_000;

const renewOf =
  (options: RenewOptions = {}) =>
  (context: Context): Promise<void> =>
    renewSsl(context, { ...(options.all === true ? {} : { tenant: TENANT }), ...options });

/** Certificates of twelve hours with so many hours left. */
function present(host: FakeHost, hoursLeft: number, names = NAMES): void {
  const now = host.clock.now().getTime();
  for (const name of names) {
    host.certificates.all.set(name, {
      validFrom: new Date(now - (12 - hoursLeft) * HOUR_MS),
      validTo: new Date(now + hoursLeft * HOUR_MS),
    });
  }
}

/** A Caddy that makes new certificates when it is told to look. */
function renewing(host: FakeHost): void {
  const run = host.docker.exec.bind(host.docker);
  host.docker.exec = async (id, command) => {
    const result = await run(id, command);
    if (command.includes('--force')) present(host, 12);
    return result;
  };
}

describe('aiplat ops renew-ssl', () => {
  it('is silent and changes nothing when nothing is due', async () => {
    const host = await deployedMachine();
    present(host, 6);
    const { exit, out, err, changes } = await runCommand(host, renewOf());
    expect([exit, out, err, changes]).toEqual([0, '', '', []]);
  });

  it('renews what is due, and says until when it is served now', async () => {
    const host = await deployedMachine();
    present(host, 2);
    renewing(host);
    const { out } = await succeed(host, renewOf());
    expect(out).toMatch(/tenant-1001: certificates renewed\. tenant-1001\.datasquiz\.net until /);
    expect((await succeed(host, renewOf())).changes).toEqual([]);
  });

  it('makes one that is not served at all', async () => {
    const host = await deployedMachine();
    present(host, 6, NAMES.slice(1));
    renewing(host);
    expect((await succeed(host, renewOf())).out).toMatch(/renewed/);
  });

  it('shows the plan with --dry-run', async () => {
    const host = await deployedMachine();
    present(host, 2);
    const { out, changes } = await succeed(host, renewOf({ dryRun: true }));
    expect(changes).toEqual([]);
    expect(out).toMatch(/renew certificates {2}caddy-tenant-1001 {2}due: tenant-1001\.datasquiz\.net until/);
  });

  it('ends with 4 when one ends soon and could not be renewed', async () => {
    const host = await deployedMachine();
    present(host, 2);
    const { exit, err } = await runCommand(host, renewOf());
    expect(exit).toBe(4);
    expect(err).toMatch(/3 of 3 certificates could not be renewed[\s\S]*ops logs caddy/);
  });

  it('ends with 3 when no Caddy runs', async () => {
    const host = await deployedMachine();
    const caddy = host.docker.containers.named('caddy-tenant-1001');
    if (caddy !== undefined) caddy.state = 'exited';
    const { exit, err, changes } = await runCommand(host, renewOf());
    expect([exit, changes]).toEqual([3, []]);
    expect(err).toMatch(/Its Caddy does not run/);
  });

  it('does it for all tenants', async () => {
    const host = await deployedMachine();
    present(host, 2);
    renewing(host);
    expect((await succeed(host, renewOf({ all: true }))).out).toMatch(/tenant-1001: certificates renewed/);
  });
});

describe('a certificate', () => {
  it.each([
    [12, false],
    [3.1, false],
    [2.9, true],
    [-1, true],
  ])('of twelve hours with %s left is due: %s', (hours, due) => {
    const now = new Date('2026-01-01T12:00:00Z');
    const validTo = new Date(now.getTime() + hours * HOUR_MS);
    const validFrom = new Date(validTo.getTime() - 12 * HOUR_MS);
    expect(isDue({ hostname: 'x', certificate: { validFrom, validTo } }, now)).toBe(due);
  });
});
