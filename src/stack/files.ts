import { secretFileName } from '../catalog/catalog.ts';
import { ENVIRONMENT_FILE, environmentText, openEnv, secretEnv } from '../catalog/environment.ts';
import { askedKeys, expand, expandAll } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import { renderLitellm } from '../models/litellm.ts';
import { renderLlamacpp } from '../models/llamacpp.ts';
import { renderCaddy } from '../proxy/caddyfile.ts';
import type { Directory } from '../tenant/layout.ts';
import { secretOf } from '../tenant/settings.ts';
import { renderGrafana } from './grafana.ts';
import { digest } from './hash.ts';
import { renderMeters } from './meters.ts';
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
  litellm: renderLitellm,
  llamacpp: renderLlamacpp,
  prometheus: renderPrometheus,
  grafana: renderGrafana,
  meters: renderMeters,
  openclaw: renderOpenClaw,
  tailscale: fromTemplates('tailscale', 'serve.json'),
  chroma: fromTemplates('chroma', 'database.sh'),
  milvus: fromTemplates('milvus', 'etcd.yaml', 'align.sh'),
  valkey: fromTemplates('valkey', 'valkey.conf'),
  squid: fromTemplates('dify', 'squid.conf'),
};

/** Files that are templates with their placeholders filled. */
function fromTemplates(folder: string, ...files: readonly string[]): Renderer {
  return ({ input, scope }) =>
    Object.fromEntries(files.map((file) => [file, expand(templateText(input, `${folder}/${file}`), scope)]));
}

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
  const secrets = secretFiles(service, owner, context);
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

function secretFiles(service: Service, owner: number, { input, scope }: RenderContext): RenderedFile[] {
  const { vectorDb } = input.settings;
  const env = secretEnv(service, vectorDb);
  const texts = [
    ...secretFileKeys(service, vectorDb).map(
      (key) => [secretFileName(input.catalog, key), secretOf(input.settings, key)?.reveal() ?? ''] as const,
    ),
    ...(env === undefined ? [] : [[ENVIRONMENT_FILE, environmentText(expandAll(env, scope))] as const]),
  ];
  return texts.map(([name, text]) => ({ path: `secrets/${name}`, text, uid: owner, mode: 0o400 }));
}

/**
 * Keys of the secrets that a service has as files: those that its texts ask for, those whose file has a name, and the
 * keys of data, which are looked for there when the `.env` has lost them.
 */
export const secretFileKeys = (service: Service, vectorDb: string): string[] => {
  const { health, secrets } = service;
  const asked = [...Object.values(openEnv(service, vectorDb)), ...health.test].flatMap((text) =>
    askedKeys(text, 'secretFile'),
  );
  const named = secrets.filter(({ file, identity }) => file !== undefined || identity).map(({ key }) => key);
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
