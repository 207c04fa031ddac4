import type { LeftOut } from '../stack/select.ts';

/** Services that wait for a key, one sentence for each key: the tenant's others run without them. */
export function leftOutNotices({ leftOut }: { readonly leftOut: readonly LeftOut[] }): string[] {
  const byKey = Map.groupBy(leftOut, ({ givenKey }) => givenKey.key);
  return [...byKey].map(([key, waiting]) => {
    const titles = waiting.map(({ service }) => service.title).join(' and ');
    return `${titles} ${waiting.length === 1 ? 'is' : 'are'} left out: ${key} of the .env is empty. ${waiting[0]?.givenKey.remedy}`;
  });
}
