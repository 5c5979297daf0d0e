/** Page `number` (from 1) of a list, and whether there is one behind it. */
export const pageOf = (items, number, size) => {
  if (!Number.isInteger(number) || number < 1) throw new RangeError("pages count from 1");
  if (!Number.isInteger(size) || size < 1) throw new RangeError("a page has at least one item");
  const start = (number - 1) * size;
  const shown = items.slice(start, start + size);
  return { items: shown, hasNext: start + size <= items.length };
};
