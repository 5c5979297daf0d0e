/** When anybody has booked: bookings `[from, to]`, in order, those that overlap or touch as one. */
export const busyTimes = (bookings) => {
  bookings.sort(([one], [other]) => one - other);
  const merged = [];
  for (const booking of bookings) {
    const last = merged.at(-1);
    if (last !== undefined && booking[0] <= last[1]) last[1] = booking[1];
    else merged.push(booking);
  }
  return merged;
};
