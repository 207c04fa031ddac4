import { expand } from '../catalog/expand.ts';
import { isForText, modelServerOf, publicName } from '../catalog/models.ts';
import { type RenderContext, templateText } from './templates.ts';

/**
 * What OpenClaw's own config has to say so that its page works here and that it finds the tenant's models, the script
 * that puts it there, and one for browsers.
 */
export function renderOpenClaw(context: RenderContext): Record<string, string> {
  const { input, services, scope } = context;
  const read = (name: string): object =>
    JSON.parse(
      expand(templateText(input, `openclaw/${name}`), {
        ...scope,
        models: (key) => (key === 'list' ? modelList(context) : scope.models?.(key)),
      }),
    );
  const models = modelServerOf(services) === undefined ? {} : read('models.json');
  return {
    'seed.mjs': templateText(input, 'openclaw/seed.mjs'),
    'sign-in.mjs': templateText(input, 'openclaw/sign-in.mjs'),
    'settings.json': `${JSON.stringify({ ...read('settings.json'), ...models }, null, 2)}\n`,
  };
}

/** The models for chats that are on this host: OpenClaw asks no server that its makers do not know for a list. */
function modelList({ input, services }: RenderContext): string {
  const server = modelServerOf(services)?.name;
  const running = new Set(services.map(({ name }) => name));
  const local = input.models.filter((one) => isForText(one) && running.has(one.server));
  const names =
    server === 'litellm'
      ? local.map(publicName)
      : local.filter((one) => one.server === server).map(({ name }) => name);
  return JSON.stringify(names.map((name) => ({ id: name, name })));
}
