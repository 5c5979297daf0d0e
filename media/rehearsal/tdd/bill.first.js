/**
 * A restaurant bill. Amounts are whole cents, so that no sum depends on how fractions round.
 *
 * @typedef {{ name: string, price: number, quantity?: number }} Item
 */

/**
 * What all items cost together, in cents.
 *
 * @param {Item[]} items
 */
export const total = (items) => items.reduce((sum, { price, quantity = 1 }) => sum + price * quantity, 0);

/**
 * What each of the people pays, in cents.
 *
 * @param {number} cents
 * @param {number} people
 */
export const split = (cents, people) => {
  if (people < 1) throw new RangeError("a bill is split among at least one person");
  return Array.from({ length: people }, () => Math.floor(cents / people));
};

/**
 * An amount for people: `1234` is `12.34`.
 *
 * @param {number} cents
 */
export const format = (cents) => `${Math.floor(cents / 100)}.${cents % 100}`;
