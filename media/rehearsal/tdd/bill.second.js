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
 * What each of the people pays, in whole cents that add up to the bill: where it does not work out
 * evenly, the first ones pay one cent more.
 *
 * @param {number} cents
 * @param {number} people
 */
export const split = (cents, people) => {
  if (people < 1) throw new RangeError("a bill is split among at least one person");
  const share = Math.floor(cents / people);
  const leftOver = cents % people;
  return Array.from({ length: people }, (_, index) => (index < leftOver ? share + 1 : share));
};

/**
 * An amount for people: `1234` is `12.34`.
 *
 * @param {number} cents
 */
export const format = (cents) => `${Math.floor(cents / 100)}.${cents % 100}`;
