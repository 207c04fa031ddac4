import { notReady, refused } from '../../errors.ts';
import type { FoundContainer } from '../../host/docker.ts';
import { parseModelName, shortName } from '../../models/name.ts';
import { containerName } from '../../tenant/names.ts';
import type { Context, TenantOptions } from '../context.ts';
import { enter, type Place, requireRoot, requireVolume } from '../enter.ts';
import { tenantLock, whileLocked } from '../locked.ts';
import { changeModels } from './change-models.ts';

export interface ModelOptions extends TenantOptions {
  readonly dryRun?: boolean;
}

/** Has the tenant's Ollama bring a model from its library, or a newer version of one that is there. */
export async function pullModel(context: Context, text: string, options: ModelOptions): Promise<void> {
  const place = await enter(context, options);
  requireRoot(context);
  requireNoFile(place, text);
  const name = shortName(parseModelName(text));
  await requireVolume(context, place);
  await whileLocked(context, tenantLock(place), options, async () => {
    const { name: container } = await requireOllama(context, place);
    const step = {
      id: `model ${name}`,
      do: 'pull model',
      target: name,
      why: 'asked for',
      needs: [],
      container,
      subnet: place.tenant.subnet.cidr,
      volume: place.tenant.baseDir,
    } as const;
    await changeModels(
      context,
      place,
      {
        step,
        after: (models) =>
          models.some((one) => one.server === 'ollama' && one.name === name)
            ? models
            : [...models, { server: 'ollama', name }],
      },
      options.dryRun === true,
    );
  });
}

/**
 * A file from anywhere is nothing that root should fetch: no name says what is in it, and what the tenant's user may
 * do alone needs no root.
 * @throws AiplatError (exit 2)
 */
function requireNoFile({ tenant }: Place, text: string): void {
  if (!/^https?:|\.gguf$/i.test(text)) return;
  throw refused(
    `${JSON.stringify(text)} is a file, and no name of a model.`,
    "aiplat has Ollama bring models by name; files for llama.cpp's server are fetched by their owner, and checked.",
    `As the tenant's user: curl -fL -o ${tenant.baseDir}/data/llamacpp/NAME.gguf URL && sha256sum ${tenant.baseDir}/data/llamacpp/NAME.gguf; then: aiplat deploy`,
  );
}

/** @throws AiplatError (exit 3) when the tenant's Ollama does not run. */
export async function requireOllama({ host }: Context, { tenant }: Place): Promise<FoundContainer> {
  const name = containerName(tenant.name, 'ollama');
  const [found] = await host.docker.listContainers({ names: [name] });
  if (found?.state === 'running') return found;
  throw notReady(
    `${tenant.name} runs no Ollama.`,
    found === undefined ? `There is no container ${name}.` : `${name} is ${found.state}.`,
    found === undefined
      ? 'Switch it on (aiplat setup --services …,ollama) and deploy. Without a registry, put GGUF files into data/llamacpp.'
      : `Start it: aiplat deploy --tenant ${tenant.name}`,
  );
}
