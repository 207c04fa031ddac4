import type { LocalModel } from '../../catalog/models.ts';
import { refused } from '../../errors.ts';
import { parseModelName, shortName } from '../../models/name.ts';
import { observeModels } from '../../models/observe.ts';
import type { Step } from '../../stack/step.ts';
import { dataPath } from '../../tenant/layout.ts';
import type { Context } from '../context.ts';
import { enter, type Place, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { changeModels } from './change-models.ts';
import { type ModelOptions, requireOllama } from './pull-model.ts';

/** Removes a model from the volume: by Ollama, which shares parts between models, or as the file that it is. */
export async function removeModel(context: Context, text: string, options: ModelOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const model = requireModel(place, text, await observeModels(context.host, place.tenant));
    const step =
      model.server === 'ollama'
        ? await removal(context, place, model.name)
        : await fileRemoval(context, place, model.name);
    const after = (models: readonly LocalModel[]) =>
      models.filter(({ server, name }) => server !== model.server || name !== model.name);
    await changeModels(context, place, { step, after }, options.dryRun === true);
  });
}

/** @throws AiplatError (exit 2) when there is none of this name. */
function requireModel({ tenant }: Place, text: string, models: readonly LocalModel[]): LocalModel {
  const file = text.replace(/\.gguf$/, '');
  const found = models.find(({ server, name }) =>
    server === 'llamacpp' ? name === file : name === shortName(parseModelName(text)),
  );
  if (found !== undefined) return found;
  throw refused(
    `${tenant.name} has no model ${JSON.stringify(text)}.`,
    models.length === 0 ? 'It has none at all.' : `It has ${models.map(({ name }) => name).join(', ')}.`,
    'Take a name as `aiplat ops models list` shows it.',
  );
}

const base = (target: string) => ({ id: 'model', target, why: 'asked for', needs: [] });

async function removal(context: Context, place: Place, name: string): Promise<Step> {
  const { name: container } = await requireOllama(context, place);
  return { ...base(name), do: 'remove model', container, subnet: place.tenant.subnet.cidr };
}

async function fileRemoval({ host }: Context, { tenant }: Place, name: string): Promise<Step> {
  const path = `${dataPath(tenant, 'llamacpp')}/${name}`;
  const isFolder = (await host.files.stat(path))?.kind === 'directory';
  return { ...base(isFolder ? path : `${path}.gguf`), do: isFolder ? 'remove directory' : 'remove file' };
}
