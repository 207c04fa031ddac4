import { expand } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import { type RenderContext, templateText } from './templates.ts';

/** prometheus.yml with one job for each service of the stack that has metrics, what those jobs show, rules, the overview. */
export function renderPrometheus({ input, services, scope }: RenderContext): Record<string, string> {
  const jobs = services.map(scrapeJob).filter((job) => job !== '');
  const text = expand(templateText(input, 'prometheus/prometheus.yml'), {
    ...scope,
    jobs: () => jobs.join('\n'),
  });
  const tokens = services.flatMap(({ metrics }) => metrics?.token ?? []);
  return {
    'prometheus.yml': text,
    'rules.yml': templateText(input, 'prometheus/rules.yml'),
    'consoles/index.html': templateText(input, 'prometheus/index.html'),
    ...Object.fromEntries(
      tokens.map((key) => [`tokens/${key}`, input.settings.secrets.get(key)?.reveal() ?? '']),
    ),
  };
}

const scrapeJob = ({ name, metrics }: Service): string =>
  metrics === undefined
    ? ''
    : [
        `  - job_name: ${name}`,
        `    metrics_path: ${metrics.path}`,
        ...(metrics.token === undefined
          ? []
          : ['    authorization:', `      credentials_file: /etc/prometheus/tokens/${metrics.token}`]),
        '    static_configs:',
        `      - targets: ["${name}:${metrics.port}"]`,
      ].join('\n');
