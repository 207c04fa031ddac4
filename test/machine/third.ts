import { existsSync } from 'node:fs';
import { must, sh } from './inside.ts';

/** A tenant whose number begins like alice's. Its user is dave. */
export const THIRD = 'tenant-10011';

const BASE = `/mnt/data-${THIRD}`;
const VOLUME = '/var/lib/volume-10011.img';

/** Makes dave and his volume, or mounts it again after a reboot. */
export function prepareThird(): void {
  if (sh('id dave').code !== 0) {
    must(sh('useradd --create-home --shell /bin/bash --uid 10011 --user-group dave'));
  }
  if (!existsSync(VOLUME)) must(sh(`truncate -s 1G ${VOLUME} && mkfs.ext4 -q ${VOLUME}`));
  if (sh(`mountpoint -q ${BASE}`).code === 0) return;
  must(sh(`mkdir -p ${BASE} && mount -o loop,nodev,nosuid ${VOLUME} ${BASE}`));
}
