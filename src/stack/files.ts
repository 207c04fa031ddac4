import { secretFileName } from '../catalog/catalog.ts';
import { askedKeys, expand } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import { renderCaddy } from '../proxy/caddyfile.ts';
import type { Directory } from '../tenant/layout.ts';
import { secretOf } from '../tenant/settings.ts';
import { digest } from './hash.ts';
import { renderOpenClaw } from './openclaw.ts';
import { renderPrometheus } from './prometheus.ts';
import { ownerOf, SECRETS_PATH } from './scope.ts';
import { type RenderContext, templateText } from './templates.ts';

/** A file that aiplat writes for a container. */
export interface RenderedFile {
  /** Relative to the folder's root. */
  readonly path: string;
  readonly text: string;
  readonly uid: number;
  readonly mode: number;
}

/**
 * The files of one service. The root's name holds the hash of the content, so that the container before
 * this one keeps its own files; a service that reloads keeps one root as long as it keeps its container.
 */
export interface RenderedFolder {
  readonly root: string;
  readonly directories: readonly Directory[];
  readonly files: readonly RenderedFile[];
  readonly mounts: readonly { readonly path: string; readonly target: string }[];
}

/** Where the next version of a reloaded file lies until the running program has accepted it. */
export const candidateOf = (path: string): string => `${path}.next`;

type Renderer = (context: RenderContext) => Readonly<Record<string, string>>;

const RENDERERS: Readonly<Record<string, Renderer>> = {
  caddy: renderCaddy,
  prometheus: renderPrometheus,
  openclaw: renderOpenClaw,
  tailscale: ({ input }) => ({ 'serve.json': templateText(input, 'tailscale/serve.json') }),
  valkey: ({ input, scope }) => ({ 'valkey.conf': expand(templateText(input, 'valkey/valkey.conf'), scope) }),
};

export interface RenderRequest extends RenderContext {
  readonly service: Service;
  /** Name of the folder of a service that reloads: another container gets another folder. */
  readonly liveName: string;
}

/** The files of a service, or undefined when it has none. */
export function renderFiles({ service, liveName, ...context }: RenderRequest): RenderedFolder | undefined {
  const { input } = context;
  const owner = ownerOf(service, input.tenant);
  const configs = service.files.flatMap(({ render }) => configFiles(render, owner, context));
  const secrets = secretFileKeys(service).map((key) => ({
    path: `secrets/${secretFileName(input.catalog, key)}`,
    text: secretOf(input.settings, key)?.reveal() ?? '',
    uid: owner,
    mode: 0o400,
  }));
  const files = [...configs, ...secrets];
  if (files.length === 0) return undefined;
  const version = service.reload === undefined ? digest(files) : liveName;
  const root = `${input.renderedDir}/${service.name}/${version}`;
  const mounts = service.files.map(({ path, render }) => ({ path: render, target: path }));
  return {
    root,
    directories: foldersOf(files).map((path) => ({
      path: `${root}/${path}`,
      uid: 0,
      gid: owner,
      mode: 0o750,
    })),
    files,
    mounts: secrets.length === 0 ? mounts : [...mounts, { path: 'secrets', target: SECRETS_PATH }],
  };
}

function configFiles(render: string, owner: number, context: RenderContext): RenderedFile[] {
  const renderer = RENDERERS[render];
  if (renderer === undefined) throw new Error(`nothing renders ${render}`);
  return Object.entries(renderer(context)).map(([name, text]) => ({
    path: `${render}/${name}`,
    text,
    uid: owner,
    mode: 0o400,
  }));
}

/** Keys of the secrets that a service reads from files: those that its texts ask for, and those whose file has a name. */
export const secretFileKeys = ({ env, health, secrets }: Service): string[] => {
  const asked = [...Object.values(env), ...health.test].flatMap((text) => askedKeys(text, 'secretFile'));
  const named = secrets.filter(({ file }) => file !== undefined).map(({ key }) => key);
  return [...new Set([...asked, ...named])];
};

/** `a/b/c` and `a/d` → `a`, `a/b`: parents first. */
function foldersOf(files: readonly RenderedFile[]): string[] {
  const folders = files.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_, end) => parts.slice(0, end + 1).join('/'));
  });
  return [...new Set(folders)].sort();
}
