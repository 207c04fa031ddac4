import { dirname } from 'node:path';
import type { Step } from '../stack/step.ts';
import { envPath } from '../tenant/layout.ts';
import { asideName, isAsideOf, restoringDir } from './aside.ts';
import { dataDir } from './contents.ts';
import type { RestoreInput } from './restore-plan.ts';

/**
 * What goes when all is healthy: what stepped aside, also in a restore that did not come to its end.
 * @param needs all steps before.
 */
export function planCleaning(input: RestoreInput, needs: readonly string[]): Step[] {
  const { tenant, returning } = input;
  const aside = [...asideData(input), ...asideEnvs(input)];
  const dumps = returning.flatMap(({ dir, file }) =>
    file === undefined ? [] : [`${dataDir(tenant)}/${dir}/${file}`],
  );
  const removal = (target: string, why: string, after: readonly string[]): Step => ({
    id: `clean ${target}`,
    do: 'remove directory',
    target,
    why,
    needs: after,
  });
  const cleaned = [
    ...aside.map((path) => removal(path, 'what came back is healthy', needs)),
    ...dumps.map((path): Step => ({ ...removal(path, 'is in its place', needs), do: 'remove file' })),
  ];
  // Last: as long as it is there, a restore is under way.
  const last = removal(restoringDir(tenant), 'is empty', [...needs, ...cleaned.map(({ id }) => id)]);
  return [...cleaned, last];
}

const asideData = ({ tenant, returning, present, stamp }: RestoreInput): string[] =>
  returning
    .flatMap(({ dir }) => [
      ...present.filter((name) => isAsideOf(name, dir)),
      ...(present.includes(dir) ? [asideName(dir, stamp)] : []),
    ])
    .map((name) => `${dataDir(tenant)}/${name}`);

function asideEnvs({ tenant, env: { text, current, present }, isPart, stamp }: RestoreInput): string[] {
  const made = current === undefined || text === current ? [] : [asideName('env', stamp)];
  const left = isPart ? [] : present.filter((name) => isAsideOf(name, 'env'));
  return [...left, ...made].map((name) => `${dirname(envPath(tenant))}/${name}`);
}
