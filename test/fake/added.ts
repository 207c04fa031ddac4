import { addService } from '../../src/commands/added/add.ts';
import { type RemoveOptions, removeService } from '../../src/commands/added/remove.ts';
import type { AddOptions, Subject } from '../../src/commands/added/wish.ts';
import type { Context } from '../../src/commands/context.ts';
import type { FakeHost } from './fake-host.ts';
import { deployedMachine, succeed, TENANT } from './machines.ts';

export const ADDED_PATH = `/etc/aiplat/tenants/${TENANT}.services.json`;
export const NOTES = 'docker.io/library/notes:1.4.0';

type Work = (context: Context) => Promise<void>;

/** What the command line gives where nobody says otherwise. */
const USUAL: AddOptions = { memory: 512, runAs: 'tenant', route: true, timeout: 300, mount: ['/data'] };

export const addOf =
  (options: Partial<AddOptions> = {}, subject: Partial<Subject> = {}): Work =>
  (context) =>
    addService(
      context,
      { tenant: TENANT, name: 'notes', image: NOTES, port: 8080, ...subject },
      { ...USUAL, ...options },
    );

export const removeOf =
  (options: RemoveOptions = {}, name = 'notes'): Work =>
  (context) =>
    removeService(context, TENANT, name, options);

/** The tenant's stack runs, and `notes` with it. */
export async function addedMachine(): Promise<FakeHost> {
  const host = await deployedMachine();
  await succeed(host, addOf());
  return host;
}
