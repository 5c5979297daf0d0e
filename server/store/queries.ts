import { randomBytes } from "node:crypto";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { collections } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import type { Entry } from "./memory.ts";
import type { OrderedEntries } from "./ordered.ts";
import type { CollectionName, Filters, Page, PageRequest, Records } from "./store.ts";

/** Every process counts orders from zero, so a cursor names its process. */
const countedBy = randomBytes(6).toString("hex");
const Cursor = z.tuple([z.string(), z.int(), z.string()]);

const encodeCursor = (entry: Entry): string =>
  Buffer.from(JSON.stringify([countedBy, entry.order, entry.id])).toString("base64url");

/** The order at which the previous page ended, even if its last record has been removed since. */
const decodeCursor = (document: StateDocument, collection: CollectionName, cursor: string): number => {
  try {
    const [counter, order, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    const entry = document.entry(collection, id);
    if (entry !== null) return entry.order;
    if (counter === countedBy) return order;
  } catch {
    // This is reported below, like a cursor of another process whose record no longer exists.
  }
  throw fail("invalid_params", {
    what: "cursor",
    problems: "it does not belong to this list. Start again without a cursor.",
  });
};

/** One page of the records that pass all filters. Only the lists of the first filter are walked. */
export const page = <Name extends CollectionName>(
  document: StateDocument,
  collection: Name,
  filter: Filters[Name],
  { limit, cursor }: PageRequest,
): Page<Records[Name]> => {
  const from = cursor === null ? null : decodeCursor(document, collection, cursor);
  const items: Records[Name][] = [];
  let last: Entry | null = null;
  for (const entry of walk(document, collection, filter, from)) {
    if (items.length === limit) return { items, next_cursor: last === null ? null : encodeCursor(last) };
    items.push(document.read(collection, entry));
    last = entry;
  }
  return { items, next_cursor: null };
};

/** All records that pass the filter, in the order of `page`. */
export const all = <Name extends CollectionName>(
  document: StateDocument,
  collection: Name,
  filter: Filters[Name] | undefined,
): Records[Name][] =>
  Array.from(walk(document, collection, filter ?? {}), (entry) => document.read(collection, entry));

/** Entries of the records that pass all filters, in the order of a page. `from` skips those up to this order. */
export function* walk<Name extends CollectionName>(
  document: StateDocument,
  collection: Name,
  filter: Filters[Name],
  from: number | null = null,
): Generator<Entry, undefined> {
  const { tenantId } = document;
  const { filters, indexes, oldestFirst } = collections[collection];
  const rules = filters as Record<string, (tenant: string, value: unknown) => string[]>;
  const wanted = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => rules[name]?.(tenantId, value) ?? []);
  const [first, ...others] = wanted
    .map((keys) => ({ keys, lists: keys.flatMap((key) => document.list(key) ?? []) }))
    .sort((left, right) => sizeOf(left.lists) - sizeOf(right.lists));
  const lists = first === undefined ? [document.ordered(collection)] : first.lists;
  for (const entry of merge(lists, oldestFirst, from)) {
    if (others.length > 0) {
      const keys = indexes(tenantId, document.read(collection, entry));
      if (!others.every((other) => other.keys.some((key) => keys.includes(key)))) continue;
    }
    yield entry;
  }
}

const sizeOf = (lists: readonly OrderedEntries[]): number => lists.reduce((sum, list) => sum + list.size, 0);

/** Walks several lists as one. */
function* merge(
  lists: readonly OrderedEntries[],
  oldestFirst: boolean,
  from: number | null,
): Generator<Entry, undefined> {
  const walks = lists.map((list) => (oldestFirst ? list.after(from ?? -1) : list.before(from ?? Infinity)));
  const heads = walks.map((walk) => walk.next().value);
  for (;;) {
    let best = -1;
    heads.forEach((head, index) => {
      const leader = heads[best];
      if (head === undefined) return;
      if (leader === undefined || (oldestFirst ? head.order < leader.order : head.order > leader.order))
        best = index;
    });
    const next = heads[best];
    if (next === undefined) return;
    yield next;
    heads[best] = walks[best]?.next().value;
  }
}
