import { modelClientsOf, modelServerOf } from '../catalog/models.ts';
import type { RenderContext } from '../stack/templates.ts';

/** The keys that llama.cpp's server lets in, one a line: its own, and those of the clients when they ask it directly. */
export function renderLlamacpp({ input, services }: RenderContext): Record<string, string> {
  const isFirst = modelServerOf(services)?.name === 'llamacpp';
  const clients = isFirst ? modelClientsOf(services).map(({ modelClient }) => modelClient.key) : [];
  const keys = ['LLAMACPP_API_KEY', ...clients].map((key) => input.settings.secrets.get(key)?.reveal() ?? '');
  return { keys: `${keys.join('\n')}\n` };
}
