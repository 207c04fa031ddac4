import { expand } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import { type RenderContext, templateText } from '../stack/templates.ts';
import { hostnameOf, urlOf } from '../tenant/urls.ts';

/** The Caddyfile of a tenant and the page that lists the services. */
export function renderCaddy(context: RenderContext): Record<string, string> {
  return { Caddyfile: caddyfile(context), 'site/index.html': indexPage(context) };
}

/**
 * Routes for the whole catalogue, switched on or not: a reload can cost a connection that comes in at that
 * very moment, so switching a service on or off must not need one.
 */
function caddyfile({ input, scope }: RenderContext): string {
  const site = templateText(input, 'caddy/site.caddy');
  const sites = [...input.catalog.values()].flatMap((service) => {
    const hostname = hostnameOf(service, input.settings.domain);
    if (hostname === undefined || service.route === undefined) return [];
    const upstream = `${service.name}:${service.route.port}`;
    return [
      expand(site, {
        ...scope,
        host: () => hostname,
        paths: () => pathsOf(service),
        upstream: () => upstream,
        service: () => service.name,
      }),
    ];
  });
  return expand(templateText(input, 'caddy/Caddyfile'), { ...scope, sites: () => sites.join('\n') });
}

/** Caddy tries longer paths first, whatever stands first in the file. */
const pathsOf = ({ route }: Service): string =>
  (route?.paths ?? [])
    .map(({ path, service, port, headers = {} }) => {
      const sent = Object.entries(headers).map(([name, value]) => `header_up ${name} ${value}`);
      const lines = [...sent, 'lb_try_duration 20s', 'lb_try_interval 250ms'];
      return `\treverse_proxy ${path} ${service}:${port} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
    })
    .join('');

function indexPage({ input, services, scope }: RenderContext): string {
  const units = services.filter(({ partOf }) => partOf === undefined);
  const rows = units.map((service) => indexRow(service, urlOf(service, input.settings)));
  return expand(templateText(input, 'caddy/index.html'), { ...scope, rows: () => rows.join('\n') });
}

function indexRow(service: Service, url: string | undefined): string {
  const title = escapeHtml(service.title);
  const name = url === undefined ? title : `<a href="${escapeHtml(url)}/">${title}</a>`;
  return `      <tr><th scope="row">${name}</th><td>${escapeHtml(service.summary)}</td></tr>`;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
