import type { Rate } from "../../schemas/evaluation.ts";

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/**
 * A share with Wilson's score interval, which stays inside 0 to 1 and says something of few samples
 * too; null of nothing.
 */
export const rateOf = (count: number, of: number): Rate => {
  if (of === 0) return null;
  const share = count / of;
  const scale = 1 + Z ** 2 / of;
  const centre = (share + Z ** 2 / (2 * of)) / scale;
  const reach = (Z / scale) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  const low = count === 0 ? 0 : Math.max(0, centre - reach);
  const high = count === of ? 1 : Math.min(1, centre + reach);
  return { count, of, share, low, high };
};

/**
 * The chance that at least one of k samples is right, from n samples of which c were:
 * 1 − C(n−c, k) / C(n, k), the unbiased estimator. Needs k ≤ n.
 */
export const passAtK = (n: number, c: number, k: number): number => {
  if (k > n) throw new RangeError(`pass@${k} needs ${k} samples, not ${n}`);
  let none = 1;
  // As a product, because the binomials themselves overflow.
  for (let index = n - c + 1; index <= n; index++) none *= 1 - k / index;
  return n - c < k ? 1 : 1 - none;
};
