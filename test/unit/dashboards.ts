import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEMPLATES_DIR } from './sample.ts';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const FOLDER = join(TEMPLATES_DIR, 'grafana/dashboards');

export const dashboards: readonly Dashboard[] = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Dashboard,
);

/** What Grafana makes of an expression for this service, with a look every 15 seconds. */
export const filledFor = (expr: string, service: string): string =>
  expr.replaceAll('$service', service).replaceAll('$__rate_interval', '1m');

/** Every expression of every panel, with where it stands. */
export const dashboardQueries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => panel.targets.map(({ expr }) => ({ where: `${title}, ${panel.title}`, expr }))),
);

/** The alert rules: name and expression, which may go on over lines. */
export const alertRules = [
  ...readFileSync(join(TEMPLATES_DIR, 'prometheus/rules.yml'), 'utf8').matchAll(
    /- alert: (\w+)\n\s+expr: (?:>-\n)?([\s\S]*?)\n\s+(?:for|labels):/g,
  ),
].map(([, name = '', expr = '']) => ({ name, expr: expr.replace(/\s+/g, ' ').trim() }));
