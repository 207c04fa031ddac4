import { modelClientsOf, modelServerOf } from '../catalog/models.ts';
import type { RenderContext } from '../stack/templates.ts';

/**
 * The keys that llama.cpp's server lets in, one a line: its own, and those of the clients when they ask it directly.
 * It reads its folder of models once, when it starts: their names lie beside the keys, so that a deploy that finds
 * others makes it start anew.
 */
export function renderLlamacpp({ input, services }: RenderContext): Record<string, string> {
  const isFirst = modelServerOf(services)?.name === 'llamacpp';
  const clients = isFirst ? modelClientsOf(services).map(({ modelClient }) => modelClient.key) : [];
  const keys = ['LLAMACPP_API_KEY', ...clients].map((key) => input.settings.secrets.get(key)?.reveal() ?? '');
  const models = input.models.filter(({ server }) => server === 'llamacpp').map(({ name }) => name);
  return { keys: lines(keys), models: lines(models) };
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
