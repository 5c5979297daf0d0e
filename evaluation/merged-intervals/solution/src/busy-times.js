/** When anybody has booked: bookings `[from, to]`, in order, those that overlap or touch as one. */
export const busyTimes = (bookings) => {
  const merged = [];
  for (const [from, to] of bookings.toSorted(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
};
