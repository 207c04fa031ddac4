import { expand } from '../catalog/expand.ts';
import { modelServerOf } from '../catalog/models.ts';
import { type RenderContext, templateText } from './templates.ts';

/**
 * What OpenClaw's own config has to say so that its page works here and that it finds the tenant's models, the script
 * that puts it there, and one for browsers.
 */
export function renderOpenClaw({ input, services, scope }: RenderContext): Record<string, string> {
  const read = (name: string): object => JSON.parse(expand(templateText(input, `openclaw/${name}`), scope));
  const models = modelServerOf(services) === undefined ? {} : read('models.json');
  return {
    'seed.mjs': templateText(input, 'openclaw/seed.mjs'),
    'sign-in.mjs': templateText(input, 'openclaw/sign-in.mjs'),
    'settings.json': `${JSON.stringify({ ...read('settings.json'), ...models }, null, 2)}\n`,
  };
}
