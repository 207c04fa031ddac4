import { expect, it } from 'vitest';
import type { Observed } from '../../../src/stack/observe.ts';
import { obstacle } from '../../../src/stack/preconditions.ts';
import { bareMachine, deployedMachine, sampleStack, tenantLabel } from '../sample.ts';

const stack = sampleStack({ services: ['n8n', 'chroma'] });
const bare = bareMachine(stack);
const network = { id: 'n', name: 'ai-platform-1001', labels: tenantLabel, subnets: ['10.128.0.0/25'] };

it.each<[string, Observed]>([
  ['a bare machine', bare],
  ['a machine that runs it already', deployedMachine(stack)],
  [
    'networks elsewhere',
    {
      ...bare,
      networks: [{ ...network, name: 'bridge', labels: {}, subnets: ['172.17.0.0/16', 'fd00::/64'] }],
    },
  ],
])('nothing is in the way on %s', (_title, observed) => {
  expect(obstacle(stack, observed, 'embedded')).toBeUndefined();
});

it.each<[string, Partial<Observed>, RegExp]>([
  [
    'a network of the name',
    { networks: [{ ...network, labels: {} }] },
    /the network ai-platform-1001 belongs to someone else/,
  ],
  [
    'a network of another tenant under the name',
    { networks: [{ ...network, labels: { 'aiplat.tenant': 'tenant-1002' } }] },
    /belongs to someone else/,
  ],
  [
    'the network with another subnet',
    { networks: [{ ...network, subnets: ['10.0.0.0/25'] }] },
    /has another subnet/,
  ],
  [
    'a network that overlaps',
    { networks: [{ ...network, name: 'vpn', labels: {}, subnets: ['10.128.0.0/16'] }] },
    /the subnet 10\.128\.0\.0\/25 is taken/,
  ],
  [
    'a container of the name',
    { containers: deployedMachine(stack).containers.map((one) => ({ ...one, labels: {} })) },
    /a container called tenant-1001-n8n is there already/,
  ],
  [
    'a program on the port',
    { listeners: [{ address: '0.0.0.0', port: 5002, holder: 'nginx (pid 812)' }] },
    /port 5002 \(n8n\) is taken/,
  ],
  ['a missing image', { images: new Set(['aiplat/n8n:1']) }, /an image is not built yet: chroma/],
])('%s is in the way: exit 3, with what to do', (_title, found, what) => {
  const error = obstacle(stack, { ...bare, ...found }, 'embedded');
  expect(error).toMatchObject({
    exitCode: 3,
    what: expect.stringMatching(what),
    fix: expect.stringMatching(/\w/),
  });
});

it('a missing official image is pulled, so it is in nobody’s way', () => {
  expect(
    obstacle(sampleStack({ source: 'official' }), { ...bare, images: new Set() }, 'official'),
  ).toBeUndefined();
});
