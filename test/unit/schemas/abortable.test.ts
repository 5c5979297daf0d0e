import assert from "node:assert/strict";
import { untilAborted } from "../../../schemas/abortable.ts";

const stopped = () => new Error("stopped");

describe("untilAborted", () => {
  it("settles as the promise does", async () => {
    const { signal } = new AbortController();
    assert.equal(await untilAborted(Promise.resolve(1), signal, stopped), 1);
    await assert.rejects(untilAborted(Promise.reject(new Error("no")), signal, stopped), /no/);
  });

  it("rejects at once when the signal aborts, whatever the promise does later", async () => {
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<number>();
    const waiting = untilAborted(promise, controller.signal, stopped);
    controller.abort();
    await assert.rejects(waiting, /stopped/);
    reject(new Error("late"));
  });

  it("does not wait with a signal that is aborted", async () => {
    const never = new Promise<number>(() => undefined);
    await assert.rejects(untilAborted(never, AbortSignal.abort(), stopped), /stopped/);
  });
});
