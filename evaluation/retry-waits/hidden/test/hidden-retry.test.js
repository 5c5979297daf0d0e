import assert from "node:assert/strict";
import { it } from "node:test";
import { retry } from "../src/retry.js";

const failing = (attempts) => {
  const waits = [];
  let tried = 0;
  const work = () => Promise.reject(new Error(`failure ${++tried}`));
  const sleep = (milliseconds) => Promise.resolve(waits.push(milliseconds));
  return { promise: retry(work, { attempts, sleep }), waits, tried: () => tried };
};

it("rejects with the last error, and waits between attempts alone", async () => {
  const { promise, waits, tried } = failing(3);
  await assert.rejects(promise, /failure 3/);
  assert.equal(tried(), 3);
  assert.deepEqual(waits, [100, 200]);
});

it("does not wait when there is one attempt", async () => {
  const { promise, waits } = failing(1);
  await assert.rejects(promise, /failure 1/);
  assert.deepEqual(waits, []);
});
