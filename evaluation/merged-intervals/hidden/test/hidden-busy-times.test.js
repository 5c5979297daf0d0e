import assert from "node:assert/strict";
import { it } from "node:test";
import { busyTimes } from "../src/busy-times.js";

it("keeps the end of a booking that holds another one", () => {
  const bookings = [
    [9, 12],
    [10, 11],
    [13, 14],
  ];
  assert.deepEqual(busyTimes(bookings), [
    [9, 12],
    [13, 14],
  ]);
});

it("leaves the bookings as they were", () => {
  const bookings = [
    [13, 14],
    [9, 10],
    [10, 12],
  ];
  const before = structuredClone(bookings);
  const busy = busyTimes(bookings);
  assert.deepEqual(bookings, before);
  busy[0][1] = 99;
  assert.deepEqual(bookings, before);
});
