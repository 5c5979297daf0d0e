import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { RunEvent } from "../../../../schemas/events.ts";
import { foldRun, newRunView, type RunView } from "../../../../schemas/run-view.ts";
import { stageLines, totalLine } from "../../../../server/surfaces/cli/display/frame.ts";
import { proofTable } from "../../../../server/surfaces/cli/display/summary.ts";
import { failedExecution, finished, START, TASK, unfinished, unpricedUsage } from "./events.ts";

const plain = { style: (_style: unknown, text: string) => text, width: () => 120 };

const viewAfter = (events: readonly RunEvent[]): RunView => {
  const view = newRunView(TASK, new Date(START).toISOString());
  for (const event of events) foldRun(view, event);
  return view;
};

describe("what a terminal shows of a run", () => {
  it("is the stages with what the running one does and what sent it back", () => {
    const lines = stageLines(viewAfter(unfinished), START + 3000, plain);
    assert.deepEqual(lines, [
      "✔ write-tests  TestWriter      1 turn · 1.0k tokens · 1.0 s",
      "               ✔ red       4 new tests fail",
      `${lines[2]?.[0] ?? ""} implement    Coder           round 2  write_file src/bill.js  1.0 s`,
      "               round 1  ✖ green     2 of 4 tests fail",
      "○ review",
    ]);
    assert.match(lines[2] ?? "", /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /);
  });

  it("turns the spinner with the clock alone", () => {
    const view = viewAfter(unfinished);
    const frame = (now: number) => stageLines(view, now, plain)[2]?.[0];
    assert.notEqual(frame(START + 3000), frame(START + 3080));
    assert.equal(frame(START + 3000), frame(START + 3000));
  });

  it("sums turns, tokens and cost of all rounds", () => {
    assert.equal(
      totalLine(viewAfter(unfinished), START + 3000),
      "0:03 · 3 model calls · 3.0k tokens · $0.006",
    );
  });

  it("says that the price is unknown rather than a sum that is too small", () => {
    assert.match(totalLine(viewAfter([...unfinished, unpricedUsage]), START), /price unknown$/);
  });

  it("names why an execution ended", () => {
    const lines = stageLines(
      viewAfter([...unfinished, failedExecution("The worker ended (exit 1).")]),
      START,
      plain,
    );
    assert.ok(lines.some((line) => line.trim() === "The worker ended (exit 1)."));
  });

  it("ends with no stage running", () => {
    const lines = stageLines(viewAfter(finished), START + 4000, plain);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith(" ")).map((line) => line.slice(0, 13).trim()),
      ["✔ write-tests", "✔ implement", "– review"],
    );
  });

  it("takes no event of an execution it does not know amiss", () => {
    const [, , , , usageBeforeStart] = unfinished;
    assert.ok(usageBeforeStart);
    assert.equal(viewAfter([usageBeforeStart]).stages.size, 0);
  });
});

describe("the proof table", () => {
  it("has every gate of every round with command, exit code and counts", () => {
    assert.equal(
      proofTable(viewAfter(finished), plain),
      [
        "Proof",
        "  ✔  write-tests          red    4 passed, 0 failed  exit 0  0.1 s  node --test test/split.test.js",
        "  ✖  implement (round 1)  green  2 passed, 2 failed  exit 1  0.1 s  node --test test/split.test.js",
        "  ✔  implement (round 2)  green  4 passed, 0 failed  exit 0  0.1 s  node --test test/split.test.js",
        "",
      ].join("\n"),
    );
  });
});
