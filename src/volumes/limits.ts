/** How many volumes fit on an instance of EC2. */
export interface VolumeLimit {
  readonly count: number;
  /** Network interfaces and instance-store disks take places, too. */
  readonly isShared: boolean;
}

/**
 * Families whose limit is for EBS volumes alone and follows from the size (EC2 User Guide, "Amazon EBS
 * volume limits for Amazon EC2 instances").
 */
const DEDICATED = new Set([
  ...['m7a', 'm7i', 'm7i-flex', 'm8g'],
  ...['c7a', 'c7i', 'c7i-flex', 'c8g'],
  ...['r7a', 'r7i', 'r7iz', 'r8g', 'x8g'],
]);

const BY_SIZE: Readonly<Record<string, number>> = {
  medium: 32,
  large: 32,
  xlarge: 32,
  '2xlarge': 32,
  '4xlarge': 32,
  '8xlarge': 32,
  '12xlarge': 32,
  '16xlarge': 48,
  '24xlarge': 64,
  '32xlarge': 88,
  '48xlarge': 128,
  'metal-16xl': 39,
  'metal-24xl': 39,
  'metal-32xl': 79,
  'metal-48xl': 79,
};

/** What most other virtual Nitro instances have, shared by everything that is attached (same page). */
const SHARED = { count: 28, isShared: true };

/** General, compute and memory families up to the seventh generation: later ones have limits of their own. */
const SHARED_FAMILY = /^([mcr][5-7]|t[34]|a1|x2|z1)[a-z-]*$/;

/**
 * The limit of an instance.
 * @param vendor, product as the firmware tells them (DMI): `Amazon EC2` and the instance type.
 * @returns undefined where none is known.
 */
export function volumeLimit(vendor: string, product: string): VolumeLimit | undefined {
  if (vendor !== 'Amazon EC2') return undefined;
  const [family = '', size = ''] = product.split('.');
  if (DEDICATED.has(family)) {
    const count = BY_SIZE[size];
    return count === undefined ? undefined : { count, isShared: false };
  }
  return SHARED_FAMILY.test(family) && !size.startsWith('metal') ? SHARED : undefined;
}
