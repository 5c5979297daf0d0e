import assert from "node:assert/strict";
import { it } from "node:test";
import { backoff } from "../src/backoff.js";
import { retry } from "../src/retry.js";

it("gives what the first attempt gives that succeeds", async () => {
  const work = (attempt) => (attempt < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve(attempt));
  assert.equal(await retry(work, { sleep: () => Promise.resolve() }), 3);
});

it("waits twice as long each time, up to the cap", () => {
  const waits = [1, 2, 3, 10].map((attempt) => backoff(attempt));
  assert.deepEqual(waits, [100, 200, 400, 5000]);
});
