import { expand } from '../catalog/expand.ts';
import { type RenderContext, templateText } from './templates.ts';

/** What OpenClaw's own config has to say so that its page works here, the script that puts it there, and one for browsers. */
export const renderOpenClaw = ({ input, scope }: RenderContext): Record<string, string> => ({
  'seed.mjs': templateText(input, 'openclaw/seed.mjs'),
  'sign-in.mjs': templateText(input, 'openclaw/sign-in.mjs'),
  'settings.json': expand(templateText(input, 'openclaw/settings.json'), scope),
});
