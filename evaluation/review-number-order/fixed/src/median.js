/** The middle of some numbers; of an even count the mean of both in the middle. */
export const median = (numbers) => {
  if (numbers.length === 0) throw new RangeError("no numbers have no median");
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
