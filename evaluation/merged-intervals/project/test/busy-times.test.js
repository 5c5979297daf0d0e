import assert from "node:assert/strict";
import { it } from "node:test";
import { busyTimes } from "../src/busy-times.js";

it("joins bookings that overlap or touch", () => {
  const bookings = [
    [13, 14],
    [9, 10],
    [10, 12],
    [11, 13.5],
  ];
  assert.deepEqual(busyTimes(bookings), [[9, 14]]);
});

it("gives nothing for no bookings", () => {
  assert.deepEqual(busyTimes([]), []);
});
