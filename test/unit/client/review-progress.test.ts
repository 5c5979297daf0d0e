import assert from "node:assert/strict";
import fc from "fast-check";
import type { Memento } from "vscode";
import type { ChangedFile } from "../../../schemas/changes.ts";
import { keepProgress, restoreProgress } from "../../../client/review/progress.ts";
import {
  acceptHunks,
  decisionOf,
  discardHunks,
  openHunks,
  type Proposal,
} from "../../../client/review/proposal.ts";

const TASK = "task";
const PATH = "src/bill.js";

/** What a window keeps: written as JSON and read back, as by a reload. */
const memory = (): Memento => {
  const kept = new Map<string, string>();
  return {
    keys: () => [...kept.keys()],
    get: <T>(key: string, byDefault?: T) => {
      const text = kept.get(key);
      // The interface promises what was put in, which is what JSON gives back.
      return text === undefined ? byDefault : (JSON.parse(text) as T);
    },
    update: (key: string, value: unknown) => {
      if (value === undefined) kept.delete(key);
      else kept.set(key, JSON.stringify(value));
      return Promise.resolve();
    },
  };
};

const file: ChangedFile = {
  path: PATH,
  old_path: null,
  kind: "Modified",
  before: null,
  after: null,
  executable: false,
  binary: false,
  lines_added: 0,
  lines_removed: 0,
  decision: "Pending",
};
const opened = (before: string, after: string): Proposal => ({
  file,
  before,
  after,
  base: before,
  wanted: after,
});

const text = fc
  .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));
const decisions = fc.array(fc.record({ accept: fc.boolean(), index: fc.nat(5) }), { maxLength: 6 });

/** Decides about some hunks, one after the other. */
const decide = (start: Proposal, steps: readonly { accept: boolean; index: number }[]): Proposal =>
  steps.reduce((proposal, { accept, index }) => {
    const hunks = openHunks(proposal);
    const hunk = hunks[index % Math.max(hunks.length, 1)];
    if (hunk === undefined) return proposal;
    return accept ? acceptHunks(proposal, [hunk]) : discardHunks(proposal, [hunk]);
  }, start);

describe("a review that goes on after a reload", () => {
  it("stands where it stood, whatever hunks were accepted and discarded", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, decisions, async (before, after, steps) => {
        const proposal = decide(opened(before, after), steps);
        const kept = memory();
        await keepProgress(kept, TASK, "set", new Map([[PATH, proposal]]));
        const restored = restoreProgress(kept, TASK, "set", new Map([[PATH, opened(before, after)]]));
        if (decisionOf(proposal) === "Pending") assert.deepEqual(restored.get(PATH), proposal);
        else assert.deepEqual(kept.keys(), []);
      }),
    );
  });

  it("begins anew where the run has proposed something else since", async () => {
    const kept = memory();
    const proposal = decide(opened("a\nb\nc\n", "x\nb\ny\n"), [{ accept: true, index: 0 }]);
    await keepProgress(kept, TASK, "first", new Map([[PATH, proposal]]));
    const fresh = opened("a\nb\nc\n", "z\nb\nc\n");
    assert.deepEqual(restoreProgress(kept, TASK, "second", new Map([[PATH, fresh]])).get(PATH), fresh);
  });
});
