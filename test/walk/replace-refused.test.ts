import { describe, expect, it } from 'vitest';
import { engineRefuses } from '../fake/engine-link.ts';
import { deployedMachine, deployOf, editEnv, succeed } from '../fake/machines.ts';
import { goOn, runCommand } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

const N8N = 'tenant-1001-n8n';

describe('a replacement', () => {
  it.each(['.previous', '.failed'])(
    'does not begin when somebody else has a container called %s: the service stays up, exit 3',
    async (suffix) => {
      const host = await deployedMachine();
      const spec = host.docker.containers.named(N8N)?.spec;
      if (spec === undefined) throw new Error('no n8n');
      host.docker.containers.put({ ...spec, name: `${N8N}${suffix}`, labels: {}, mounts: [], ports: [] });
      editEnv(host, { N8N_PORT: '5050' });
      const before = snapshot(host);
      const { exit, changes } = await runCommand(host, deployOf());
      expect([exit, changes]).toEqual([3, []]);
      expect(snapshot(host)).toEqual(before);
    },
  );

  it('that the engine refuses at any one change leaves the old version or the new one running', async () => {
    const undisturbed = await deployedMachine();
    editEnv(undisturbed, { N8N_PORT: '5050' });
    const { changes } = await succeed(undisturbed, deployOf());
    for (const [at, change] of changes.entries()) {
      const host = await deployedMachine();
      editEnv(host, { N8N_PORT: '5050' });
      host.startProcess();
      host.failAt(at + 1, engineRefuses(500, 'no space left on device'));
      const { exit } = await goOn(host, deployOf());
      expect([change, exit]).toEqual([change, 1]);
      expect([change, host.docker.containers.named(N8N)?.state]).toEqual([change, 'running']);
      await succeed(host, deployOf());
      expect(snapshot(host), change).toEqual(snapshot(undisturbed));
    }
  });
});
