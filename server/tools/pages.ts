/** Most pages of one list: a cursor may never end, on pages that are empty. */
const MOST_PAGES = 100;

interface Page<Item> {
  items: readonly Item[];
  nextCursor?: string | undefined;
}

/** All that a server lists, up to a number of items. `hasMore`: there are others. */
export const allPages = async <Item>(
  most: number,
  read: (cursor: { cursor?: string }) => Promise<Page<Item>>,
): Promise<{ items: Item[]; hasMore: boolean }> => {
  const items: Item[] = [];
  let cursor: string | undefined;
  let pages = 0;
  if (most === 0) return { items, hasMore: false };
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
    pages += 1;
  } while (cursor !== undefined && items.length < most && pages < MOST_PAGES);
  return { items: items.slice(0, most), hasMore: items.length > most || cursor !== undefined };
};
