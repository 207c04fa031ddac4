import type { Step } from '../../stack/step.ts';
import { type AddedServices, addedPath, addedText } from '../../tenant/added.ts';
import { recordsDir } from '../../tenant/record.ts';
import type { Context } from '../context.ts';
import type { Place } from '../enter.ts';

/** The id of the step that writes down what is added. */
export const RECORD = 'added services';

/**
 * Writes down what is added to a tenant, for root alone: it holds secrets.
 * @param why as in every step.
 * @param after what has to be done before.
 */
export async function recordSteps(
  { host, configPath }: Context,
  { tenant }: Place,
  added: AddedServices,
  { why, after }: { readonly why: string; readonly after: readonly Step[] },
): Promise<Step[]> {
  const path = recordsDir(configPath);
  const needs = after.map(({ id }) => id);
  const root = { uid: 0, gid: 0 };
  const directory: Step = {
    id: 'records',
    do: 'create directory',
    target: path,
    why: 'not found',
    needs,
    directory: { path, ...root, mode: 0o750 },
  };
  const record: Step = {
    id: RECORD,
    do: 'write file',
    target: addedPath(configPath, tenant.name),
    why,
    needs: [...needs, directory.id],
    text: addedText(added),
    ...root,
    mode: 0o600,
  };
  return (await host.files.stat(path)) === undefined ? [directory, record] : [record];
}
