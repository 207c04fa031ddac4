import { table } from '../report/table.ts';
import type { Stack } from '../stack/stack.ts';

/** Service and address, for those that have a page. */
export const addressLines = (stack: Stack): string[] =>
  table(
    [
      { title: 'service', cell: ({ service }) => service.name },
      { title: 'address', cell: ({ url }) => url },
    ],
    stack.services.flatMap((wanted) => (wanted.url === undefined ? [] : [{ ...wanted, url: wanted.url }])),
  );
