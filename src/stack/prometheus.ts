import { expand } from '../catalog/expand.ts';
import type { Service } from '../catalog/schema.ts';
import { type RenderContext, templateText } from './templates.ts';

/** prometheus.yml: one job for each service of the stack that has metrics. */
export function renderPrometheus({ input, services, scope }: RenderContext): Record<string, string> {
  const jobs = services.map(scrapeJob).filter((job) => job !== '');
  const text = expand(templateText(input, 'prometheus/prometheus.yml'), {
    ...scope,
    jobs: () => jobs.join('\n'),
  });
  return { 'prometheus.yml': text };
}

const scrapeJob = ({ name, metrics }: Service): string =>
  metrics === undefined
    ? ''
    : [
        `  - job_name: ${name}`,
        `    metrics_path: ${metrics.path}`,
        '    static_configs:',
        `      - targets: ["${name}:${metrics.port}"]`,
      ].join('\n');
