import type { Scope } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import type { StackInput } from './stack.ts';

/** Name of a file below templates/ → its text. */
export type TemplateTexts = ReadonlyMap<string, string>;

/** What a renderer sees: the stack's input, the services beside it, and what placeholders stand for. */
export interface RenderContext {
  readonly input: StackInput;
  readonly services: readonly Service[];
  readonly scope: Scope;
}

/** The text of a template. Its absence is a broken installation, not a mistake of the user. */
export function templateText(input: StackInput, name: string): string {
  const text = input.templates.get(name);
  if (text === undefined) throw new Error(`the template ${name} is missing`);
  return text;
}

/** All templates that renderers read. */
export const TEMPLATE_NAMES = [
  'apparmor/header',
  'apparmor/profile',
  'firewall/aiplat.nft',
  'firewall/aiplat-firewall.service',
  'caddy/Caddyfile',
  'caddy/edge.caddy',
  'caddy/site.caddy',
  'caddy/index.html',
  'grafana/datasource.yml',
  'grafana/provider.yml',
  'grafana/dashboards/overview.json',
  'grafana/dashboards/service.json',
  'grafana/dashboards/models.json',
  'meters/meters.mjs',
  'openclaw/models.json',
  'openclaw/seed.mjs',
  'openclaw/settings.json',
  'openclaw/sign-in.mjs',
  'prometheus/index.html',
  'prometheus/prometheus.yml',
  'prometheus/rules.yml',
  'tailscale/serve.json',
  'chroma/database.sh',
  'milvus/etcd.yaml',
  'milvus/align.sh',
  'valkey/valkey.conf',
  'litellm/config.yaml',
  'litellm/keys.py',
  'dify/squid.conf',
] as const;
