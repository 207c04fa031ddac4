import { expand } from '../catalog/expand.ts';
import { isForText, type LocalModel, modelClientsOf, publicName } from '../catalog/models.ts';
import { type RenderContext, templateText } from '../stack/templates.ts';
import type { PROVIDER_KEYS } from '../tenant/env-keys.ts';

/** The key of a provider in the `.env` → the provider's name in LiteLLM. */
const PROVIDERS: Readonly<Record<(typeof PROVIDER_KEYS)[number], string>> = {
  OPENAI_API_KEY: 'openai',
  ANTHROPIC_API_KEY: 'anthropic',
  GEMINI_API_KEY: 'gemini',
  MISTRAL_API_KEY: 'mistral',
  GROQ_API_KEY: 'groq',
  OPENROUTER_API_KEY: 'openrouter',
};

/** LiteLLM's config, the keys of its clients, and the program that gives them theirs. */
export function renderLitellm(context: RenderContext): Record<string, string> {
  const { input, scope } = context;
  const { services } = context;
  const config = expand(templateText(input, 'litellm/config.yaml'), {
    ...scope,
    models: () => modelLines(context),
    fallbacks: () => fallbackLines(context),
  });
  const clients = new Set(modelClientsOf(services).map(({ name }) => name));
  const keys = modelClientsOf([...input.catalog.values()]).map(({ name, modelClient }) => [
    name,
    clients.has(name) ? (input.settings.secrets.get(modelClient.key)?.reveal() ?? null) : null,
  ]);
  return {
    'config.yaml': config,
    'clients.json': JSON.stringify(Object.fromEntries(keys)),
    'keys.py': templateText(input, 'litellm/keys.py'),
  };
}

const usedProviders = (providers: RenderContext['input']['settings']['providers']): [string, string][] =>
  Object.entries(PROVIDERS).filter(([key]) => (providers.get(key)?.reveal() ?? '') !== '');

/** All models of every provider whose key is set, and each model that lies on this host. */
function modelLines({ input, services }: RenderContext): string {
  const running = new Set(services.map(({ name }) => name));
  const providers = usedProviders(input.settings.providers).map(([key, provider]) =>
    modelEntry(`${provider}/*`, { model: `${provider}/*`, api_key: `os.environ/${key}` }),
  );
  const local = input.models.filter(({ server }) => running.has(server)).map(localEntry);
  const entries = [...providers, ...local];
  return entries.length === 0 ? ' []' : `\n${entries.join('\n')}`;
}

/** JSON's strings are YAML's too, whatever letters they have. */
const modelEntry = (name: string, params: Readonly<Record<string, string>>): string =>
  [
    `  - model_name: ${JSON.stringify(name)}`,
    '    litellm_params:',
    ...Object.entries(params).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
  ].join('\n');

const localEntry = (model: LocalModel): string =>
  model.server === 'ollama'
    ? modelEntry(publicName(model), {
        model: `${isForText(model) ? 'ollama_chat' : 'ollama'}/${model.name}`,
        api_base: 'http://ollama:11434',
      })
    : modelEntry(publicName(model), {
        model: `openai/${model.name}`,
        api_base: 'http://llamacpp:8080/v1',
        api_key: 'os.environ/LLAMACPP_API_KEY',
      });

/**
 * What a provider cannot answer, a model on this host does. Never the other way, and never from one provider to
 * another: what was asked of a model on this host, or of one provider, is for nobody else.
 */
function fallbackLines({ input, services }: RenderContext): string {
  const running = new Set(services.map(({ name }) => name));
  const model = input.models.find((one) => running.has(one.server) && isForText(one));
  if (model === undefined || usedProviders(input.settings.providers).length === 0) return '';
  return `  fallbacks:\n    - "*": [${JSON.stringify(publicName(model))}]\n`;
}
