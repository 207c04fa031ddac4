import { it } from 'node:test';
import { deployTenants, setUpTenants } from './tenants.ts';

// For a machine that does not run 10-confined, which does the same and looks at every part of it.
it('alice and bob have their stacks', async () => {
  await setUpTenants();
  await deployTenants();
});
