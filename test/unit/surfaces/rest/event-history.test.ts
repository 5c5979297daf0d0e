import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { RuntimeEvent } from "../../../../schemas/events.ts";
import { EventHistory } from "../../../../server/surfaces/rest/event-history.ts";
import { aTask, NOW } from "../../../support/records.ts";

const { task_id } = aTask();
const event = (): RuntimeEvent => ({ type: "run.changed", at: NOW, task_id, status: "Running" });

describe("the history of events with more listeners than are told in one turn", () => {
  const start = () => {
    const subscribed: ((event: RuntimeEvent) => void)[] = [];
    const history = new EventHistory((listener) => {
      subscribed.push(listener);
      return () => undefined;
    });
    const heard: string[][] = [];
    const listen = (after: string | null = null) => {
      const ids: string[] = [];
      const following = history.follow(after, ({ id }) => ids.push(id));
      ids.push(...following.missed.map(({ id }) => id));
      heard.push(ids);
      return { ids, stop: following.stop };
    };
    const settle = async () => {
      for (let turn = 0; turn < 600; turn++) await setImmediate();
    };
    const emit = () => {
      for (const tell of subscribed) tell(event());
    };
    return { emit, heard, listen, settle };
  };

  it("tells each of them every event once, in order, and lets other work come in between", async () => {
    const { emit, heard, listen, settle } = start();
    for (let count = 0; count < 120; count++) listen();
    for (let count = 0; count < 5; count++) emit();
    assert.equal(heard[0]?.length, 1);
    assert.equal(heard.at(-1)?.length, 0);
    await settle();
    const [first = []] = heard;
    assert.equal(new Set(first).size, 5);
    for (const ids of heard) assert.deepEqual(ids, first);
  });

  it("tells one that comes meanwhile what it missed and what follows, and one that left nothing", async () => {
    const { emit, heard, listen, settle } = start();
    for (let count = 0; count < 120; count++) listen();
    emit();
    const [first = ""] = heard[0] ?? [];
    emit();
    const [late, resumed, gone] = [listen(), listen(first), listen()];
    gone.stop();
    emit();
    await settle();
    const [all = []] = heard;
    assert.deepEqual([all.length, late.ids, resumed.ids, gone.ids], [3, all.slice(2), all.slice(1), []]);
  });

  it("does not pause where events come faster than they are told", async () => {
    const { emit, heard, listen, settle } = start();
    for (let count = 0; count < 120; count++) listen();
    for (let count = 0; count < 1000; count++) emit();
    await settle();
    for (const ids of heard) assert.equal(ids.length, 1000);
  });
});
