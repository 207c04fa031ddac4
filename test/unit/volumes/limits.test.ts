import { expect, it } from 'vitest';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';
import { volumeLimit } from '../../../src/volumes/limits.ts';

const EC2 = 'Amazon EC2';

it.each([
  [EC2, 'm5.large', { count: 28, isShared: true }],
  [EC2, 't3.micro', { count: 28, isShared: true }],
  [EC2, 'c6gd.16xlarge', { count: 28, isShared: true }],
  [EC2, 'm7g.xlarge', { count: 28, isShared: true }],
  [EC2, 'm7i.large', { count: 32, isShared: false }],
  [EC2, 'm7i-flex.8xlarge', { count: 32, isShared: false }],
  [EC2, 'r7a.48xlarge', { count: 128, isShared: false }],
  [EC2, 'c7i.metal-48xl', { count: 79, isShared: false }],
  [EC2, 'm8g.24xlarge', { count: 64, isShared: false }],
  [EC2, 'm5.metal', undefined],
  [EC2, 'm9x.large', undefined],
  [EC2, 'p5.48xlarge', undefined],
  [EC2, '', undefined],
  ['QEMU', 'm5.large', undefined],
  ['', '', undefined],
])('an instance of %s %s takes %j', (vendor, product, limit) => {
  expect(volumeLimit(vendor, product)).toEqual(limit);
});

it.each(['0', '28.5', '"28"', '1001'])('the host config takes no volumeLimit of %s', (value) => {
  expect(() => parseHostConfig(`{"volumeLimit": ${value}}`, 'config.json')).toThrow(
    expect.objectContaining({ exitCode: 2, why: expect.stringMatching(/^volumeLimit = .*such as 28$/) }),
  );
});
