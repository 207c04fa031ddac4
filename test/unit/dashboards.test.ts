import { describe, expect, it } from 'vitest';
import { alertRules, dashboardQueries, dashboards } from './dashboards.ts';
import { sampleStack } from './sample.ts';

const files = new Map(
  sampleStack({ services: ['caddy', 'grafana'], source: 'official' })
    .services.find(({ service }) => service.name === 'grafana')
    ?.rendered?.files.map(({ path, text }) => [path, text]),
);

describe('what Grafana starts with', () => {
  it('is a data source that every panel asks, and no other', () => {
    const uid = /^\s+uid: (\S+)$/m.exec(files.get('grafana/datasources/prometheus.yml') ?? '')?.[1];
    const asked = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ datasource, targets }) => [datasource, ...targets.map((one) => one.datasource)]),
    );
    expect(asked.length).toBeGreaterThan(40);
    expect(new Set(asked.map((one) => one.uid))).toEqual(new Set([uid]));
  });

  it('is every dashboard, in the folder that its provider reads', () => {
    const folder = /path: \/etc\/grafana\/provisioning\/(\S+)$/m.exec(
      files.get('grafana/dashboards/aiplat.yml') ?? '',
    )?.[1];
    const found = [...files].filter(([path]) => path.startsWith(`grafana/${folder}/`));
    expect(found.map(([, text]) => (JSON.parse(text) as { uid: string }).uid).sort()).toEqual(
      dashboards.map(({ uid }) => uid).sort(),
    );
  });

  it.each(dashboards)('$title has no two panels in one place', ({ panels }) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  it('asks something with every panel', () => {
    expect(dashboardQueries.every(({ expr }) => expr !== '')).toBe(true);
  });
});

describe('the alert rules', () => {
  it('are those that somebody has to know of', () => {
    expect(alertRules.map(({ name }) => name)).toEqual([
      'ServiceUnhealthy',
      'MetricsMissing',
      'VolumeNearlyFull',
      'CertificateExpiring',
      'MemoryNearlyFull',
      'OutOfMemory',
    ]);
  });
});
