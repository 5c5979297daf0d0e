import assert from "node:assert/strict";
import fc from "fast-check";
import { applyHunks, hunkAt, hunksBetween, withLineFeeds } from "../../../client/review/hunks.ts";
import { planFile, type Plan } from "../../../client/review/plan.ts";
import {
  acceptHunks,
  decisionOf,
  diffSides,
  discardHunks,
  followFile,
  openHunks,
  openProposal,
} from "../../../client/review/proposal.ts";
import type { ChangedFile } from "../../../schemas/changes.ts";

const text = fc
  .array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 12 })
  .chain((lines) => fc.constantFrom(lines.join("\n"), lines.map((line) => `${line}\n`).join("")));

const file: ChangedFile = {
  path: "src/bill.js",
  kind: "Modified",
  old_path: null,
  before: "a".repeat(64),
  after: "b".repeat(64),
  executable: false,
  binary: false,
  lines_added: 1,
  lines_removed: 1,
  decision: "Pending",
};
const proposal = (before: string, after: string) =>
  openProposal(file, {
    path: file.path,
    before: { encoding: "utf8", data: before },
    after: { encoding: "utf8", data: after },
  });

const outcome = (current: string, plan: Plan): string | null => {
  if (plan.kind === "edit") return applyHunks(current, plan.hunks);
  return plan.kind === "unchanged" ? current : null;
};

describe("hunks", () => {
  it("make the new text of the old one", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        assert.equal(applyHunks(before, hunksBetween(before, after)), after);
      }),
      { numRuns: 1000 },
    );
  });

  it("are found at each line they add", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const hunks = hunksBetween(before, after);
        for (const hunk of hunks)
          for (let line = hunk.new.from; line < hunk.new.to; line += 1)
            assert.equal(hunkAt(hunks, line), hunk);
      }),
    );
  });

  it("that only delete are found beside the place", () => {
    const hunks = hunksBetween("a\nb\nc\n", "a\nc\n");
    assert.deepEqual([hunkAt(hunks, 0), hunkAt(hunks, 1)], [hunks[0], hunks[0]]);
    assert.equal(hunkAt(hunks, 2), null);
  });
});

describe("deciding hunk by hunk", () => {
  const half = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });

  it("ends with every accepted change in the base and no discarded one, in any order", () => {
    fc.assert(
      fc.property(text, text, half, (before, after, choices) => {
        let state = proposal(before, after);
        for (const accept of choices) {
          const [hunk] = openHunks(state);
          if (hunk === undefined) break;
          state = accept ? acceptHunks(state, [hunk]) : discardHunks(state, [hunk]);
        }
        state = acceptHunks(state, openHunks(state));
        assert.equal(state.base, state.wanted);
        assert.notEqual(decisionOf(state), "Pending");
      }),
    );
  });

  it("counts as accepted, discarded or edited by what came of it", () => {
    const open = proposal("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n");
    const [first, second] = openHunks(open);
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(decisionOf(open), "Pending");
    assert.equal(decisionOf(acceptHunks(open, [first, second])), "Accepted");
    assert.equal(decisionOf(discardHunks(open, [first, second])), "Discarded");
    const partly = acceptHunks(open, [first]);
    assert.equal(decisionOf(partly), "Pending");
    assert.equal(decisionOf(discardHunks(partly, openHunks(partly))), "Edited");
  });

  it("takes no hunk in where another decision has moved it", () => {
    const open = proposal("a\nb\nc\n", "A\nA\nb\nC\n");
    const [first, second] = openHunks(open);
    assert.ok(first !== undefined && second !== undefined);
    const partly = acceptHunks(open, [first]);
    assert.deepEqual(acceptHunks(partly, [second]), partly);
  });
});

describe("planning a file", () => {
  it("gives what the agents want where the user changed nothing", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        assert.equal(outcome(before, planFile({ before, after, current: before })), after);
      }),
    );
  });

  it("keeps the user's text where the agents changed nothing, and never loses it", () => {
    fc.assert(
      fc.property(text, text, (before, current) => {
        assert.equal(outcome(current, planFile({ before, after: before, current })), current);
      }),
    );
  });

  it("merges changes that are apart", () => {
    const plan = planFile({
      before: "a\nb\nc\nd\ne\n",
      after: "a\nb\nc\nd\nE\n",
      current: "A\nb\nc\nd\ne\n",
    });
    assert.equal(plan.kind === "edit" && plan.merged, true);
    assert.equal(outcome("A\nb\nc\nd\ne\n", plan), "A\nb\nc\nd\nE\n");
  });

  it("writes nothing where changes overlap", () => {
    assert.deepEqual(planFile({ before: "a\n", after: "b\n", current: "c\n" }), { kind: "conflict" });
  });

  it("takes two kinds of line ends for the same text", () => {
    assert.deepEqual(planFile({ before: "a\r\nb\r\n", after: "a\nb\n", current: "a\r\nb\r\n" }), {
      kind: "unchanged",
    });
    assert.equal(withLineFeeds("a\r\nb\rc\n"), "a\nb\nc\n");
  });

  it("creates, deletes, and leaves alone what the user made or removed meanwhile", () => {
    assert.deepEqual(planFile({ before: null, after: "a", current: null }), { kind: "create", text: "a" });
    assert.deepEqual(planFile({ before: "a", after: null, current: "a" }), { kind: "delete" });
    assert.deepEqual(planFile({ before: null, after: "a", current: "mine" }), { kind: "conflict" });
    assert.deepEqual(planFile({ before: "a", after: null, current: "mine" }), { kind: "conflict" });
    assert.deepEqual(planFile({ before: "a", after: "b", current: null }), { kind: "conflict" });
    assert.deepEqual(planFile({ before: "a", after: null, current: null }), { kind: "unchanged" });
  });
});

describe("a file that was accepted", () => {
  const [before, after] = ["a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n"];
  const accepted = () => acceptHunks(proposal(before, after), openHunks(proposal(before, after)));

  it("still shows what was proposed in its diff, and not the same text twice", () => {
    assert.deepEqual(diffSides(accepted()), { before, after });
    const discarded = discardHunks(proposal(before, after), openHunks(proposal(before, after)));
    assert.deepEqual(diffSides(discarded), { before, after });
  });

  it("is open again once the user has taken it back", () => {
    const undone = followFile(accepted(), before.replaceAll("\n", "\r\n"));
    assert.equal(decisionOf(undone), "Pending");
    assert.equal(openHunks(undone).length, 2);
  });

  it("is open again in the one hunk that the user has taken back", () => {
    const half = followFile(accepted(), "A\nb\nc\nd\ne\n");
    assert.equal(decisionOf(half), "Pending");
    assert.deepEqual(openHunks(half), [{ old: { from: 4, to: 5 }, new: { from: 4, to: 5 }, text: "E\n" }]);
    assert.deepEqual(acceptHunks(half, openHunks(half)), accepted());
  });

  it("stays decided while the file holds it, or anything else", () => {
    for (const current of [after, "mine\n", "A\nb\nmine\nd\ne\n", null])
      assert.equal(decisionOf(followFile(accepted(), current)), "Accepted");
  });

  it("keeps what was discarded of it when nothing was accepted yet", () => {
    const [first] = openHunks(proposal(before, after));
    assert.ok(first !== undefined);
    const some = discardHunks(proposal(before, after), [first]);
    assert.deepEqual(followFile(some, before), some);
  });
});
