import { expect, it } from 'vitest';
import { attackTable } from '../../scripts/vm/attack-table.ts';

it('shows each attempt with the wall and without it, and marks what should not be so', () => {
  const lines = [
    { where: 'files', what: "reads alice's .env", succeeded: false },
    { where: 'files', what: 'a|b', succeeded: false, without: { wall: 'modes', succeeded: true } },
    { where: 'network', what: 'c', succeeded: true },
    { where: 'network', what: 'd', succeeded: false, without: { wall: 'the firewall', succeeded: false } },
  ].map((tried) => `${JSON.stringify(tried)}\n`);
  expect(attackTable(lines.join(''))).toBe(
    `4 attempts, 1 succeeded; 1 of them succeed when one wall is taken away.

| where | attempt | with the wall | without it | the wall |
| --- | --- | --- | --- | --- |
| files | reads alice's .env | fails | – |  |
| files | a\\|b | fails | succeeds | modes |
| network | c | **succeeds** | – |  |
| network | d | fails | **fails** | the firewall |
`,
  );
});
