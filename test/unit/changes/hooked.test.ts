import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { HookEvent } from "../../../schemas/hooks.ts";
import type { Changes } from "../../../server/changes/changes.ts";
import { withHooks } from "../../../server/changes/hooked.ts";
import type { HookCall } from "../../../server/hooks/hooks-api.ts";
import { noHooks } from "../../support/hooks.ts";

/** What is done around an apply, in its order, with hooks of which one may refuse. */
const applied = async (refusing: HookEvent | null) => {
  const done: unknown[] = [];
  const changes = {
    apply: (id: string, paths: readonly string[] | null) => {
      done.push(["apply", id, paths]);
      return Promise.resolve({ files: [{ path: "a.ts", result: "written" }] });
    },
  } as unknown as Changes;
  const hooks = {
    ...noHooks,
    has: () => true,
    run: ({ event, task_id, input }: HookCall) => {
      done.push([event, task_id, input]);
      return event === refusing ? Promise.reject(new Error("refused")) : Promise.resolve(null);
    },
  };
  const store = { get: () => ({ task_id: "task", files: [{ path: "a.ts" }] }) } as never;
  const outcome = await withHooks(changes, hooks, store)
    .apply("set", null)
    .then(
      () => "applied",
      () => "refused",
    );
  return { done, outcome };
};

describe("hooks around the files that the runtime writes", () => {
  const before = ["PreApply", "task", { change_set_id: "set", paths: ["a.ts"] }];
  const files = [{ path: "a.ts", result: "written" }];
  const after = ["PostApply", "task", { change_set_id: "set", files }];

  it("run before and after", async () => {
    const { done, outcome } = await applied(null);
    assert.deepEqual([outcome, done], ["applied", [before, ["apply", "set", null], after]]);
  });

  it("keep anything from being written when the first refuses", async () => {
    const { done, outcome } = await applied("PreApply");
    assert.deepEqual([outcome, done], ["refused", [before]]);
  });
});
