import assert from "node:assert/strict";
import { SerialQueue } from "../../../schemas/serial-queue.ts";

/** Work that says when it begins, and is done when it is let go. */
const makeWork = (name: string, log: string[]) => {
  const gate = Promise.withResolvers<string>();
  const work = () => {
    log.push(name);
    return gate.promise;
  };
  return { work, ...gate };
};

describe("a serial queue", () => {
  it("come one after the other, also behind one that failed", async () => {
    const log: string[] = [];
    const turns = new SerialQueue();
    const [first, second] = [makeWork("first", log), makeWork("second", log)];
    const failed = turns.take(first.work).done;
    const done = turns.take(second.work).done;
    const refused = assert.rejects(failed, /no disk/);
    await Promise.resolve();
    assert.deepEqual(log, ["first"]);
    first.reject(new Error("no disk"));
    second.resolve("written");
    await refused;
    assert.equal(await done, "written");
    assert.deepEqual(log, ["first", "second"]);
    await turns.over;
  });

  it("begin at once where nothing is before them, and only once", async () => {
    const log: string[] = [];
    const turns = new SerialQueue();
    const only = makeWork("only", log);
    const { begin, done } = turns.take(only.work);
    begin();
    begin();
    assert.deepEqual(log, ["only"]);
    only.resolve("written");
    assert.equal(await done, "written");
    assert.deepEqual(log, ["only"]);
  });

  it("wait for what is before them, however often they are to begin", async () => {
    const log: string[] = [];
    const turns = new SerialQueue();
    const [before, after] = [makeWork("before", log), makeWork("after", log)];
    turns.take(before.work).begin();
    const { begin, done } = turns.take(after.work);
    begin();
    assert.deepEqual(log, ["before"]);
    before.resolve("written");
    after.resolve("written too");
    assert.equal(await done, "written too");
    assert.deepEqual(log, ["before", "after"]);
  });
});
