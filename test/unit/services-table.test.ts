import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { README, servicesTable, withServices } from '../../scripts/services-table.ts';
import { catalog, unitNames } from '../../src/catalog/catalog.ts';

it('the table of services in the README is what the catalogue says (npm run docs writes it)', () => {
  const readme = readFileSync(README, 'utf8');
  expect(withServices(readme)).toBe(readme);
});

it('has a row for every service, with everything that its host has to know', () => {
  const rows = servicesTable([...catalog.values()]).split('\n');
  expect(rows).toHaveLength(unitNames(catalog).length + 2);
  expect(rows.join('\n')).not.toContain('{{');
  for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(9);
  const n8n = rows.find((row) => row.includes('**n8n**'));
  for (const word of [
    '2.38.5',
    'https://n8n.DOMAIN',
    'data/n8n',
    'made by the first visitor',
    'hosted service',
    'npm',
  ])
    expect(n8n).toContain(word);
});

it('refuses a README that has no place for it', () => {
  expect(() => withServices('# aiplat\n')).toThrow('no place');
});
