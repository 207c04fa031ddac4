import { refused } from '../../errors.ts';
import type { Step } from '../../stack/step.ts';
import { carryOut } from '../carry-out.ts';
import type { Context } from '../context.ts';
import type { Wish } from './wish.ts';

/**
 * An image says where it keeps data. What is mounted nowhere would lie on the host's disk, outside of the tenant's
 * volume, its limits and its backups, and would be gone with the container.
 * @param pulls of images that are not here yet: they are pulled first, because nobody else knows what an image says.
 * @throws AiplatError (exit 2) for a place that is not mounted.
 */
export async function requireMounted(
  context: Context,
  tenant: string,
  { image, mounts }: Pick<Wish, 'image' | 'mounts'>,
  pulls: readonly Step[],
): Promise<void> {
  await carryOut(context, tenant, pulls);
  const declared = await context.host.docker.imageVolumes(image);
  const open = declared.map((path) => path.replace(/\/+$/, '')).filter((path) => mounts[path] === undefined);
  if (open.length === 0) return;
  throw refused(
    `${image} would keep data outside of the volume of ${tenant}.`,
    `It declares ${open.join(', ')} as its place${open.length === 1 ? '' : 's'} for data.`,
    `Add ${open.map((path) => `--mount ${path}`).join(' ')}.`,
  );
}
