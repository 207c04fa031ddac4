import { expand } from '../catalog/expand.ts';
import { type RenderContext, templateText } from './templates.ts';

const DASHBOARDS = ['overview', 'service', 'models'] as const;

/** What Grafana finds on its first start: the tenant's Prometheus, and dashboards that ask it. */
export function renderGrafana({ input, scope }: RenderContext): Record<string, string> {
  const filled = (name: string): string => expand(templateText(input, `grafana/${name}`), scope);
  return {
    'datasources/prometheus.yml': filled('datasource.yml'),
    'dashboards/aiplat.yml': filled('provider.yml'),
    ...Object.fromEntries(
      DASHBOARDS.map((name) => [
        `boards/${name}.json`,
        templateText(input, `grafana/dashboards/${name}.json`),
      ]),
    ),
  };
}
