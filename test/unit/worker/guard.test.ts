import assert from "node:assert/strict";
import type { ToolOutcome } from "../../../schemas/transcript.ts";
import { loopGuard } from "../../../server/worker/guard.ts";

const outcome = (changes: Partial<ToolOutcome> = {}): ToolOutcome => ({
  call_id: crypto.randomUUID(),
  tool: "read_file",
  input: { path: "a.ts" },
  content: "1\ta",
  is_error: false,
  duration_ms: Math.random(),
  changes: [],
  ...changes,
});

const write = (data: string): ToolOutcome =>
  outcome({
    tool: "write_file",
    input: { path: "a.ts", content: data },
    content: "a.ts: 1 lines written.",
    changes: [{ path: "a.ts", before: null, content: { encoding: "utf8", data }, executable: false }],
  });

describe("loop guard", () => {
  it("tells the third identical call, and ends the fourth", () => {
    const guard = loopGuard();
    assert.equal(guard.sawOutcome(outcome()), "go on");
    assert.equal(guard.sawOutcome(outcome()), "go on");
    assert.equal(guard.takeNote(), null);
    assert.equal(guard.sawOutcome(outcome()), "go on");
    assert.match(guard.takeNote() ?? "", /read_file 3 times/);
    assert.equal(guard.takeNote(), null);
    assert.equal(guard.sawOutcome(outcome()), "repeated");
  });

  it("counts only calls with the same arguments and the same result", () => {
    const guard = loopGuard();
    for (let round = 0; round < 8; round += 1) {
      assert.equal(guard.sawOutcome(outcome({ content: `1\t${round}` })), "go on");
      assert.equal(guard.sawOutcome(outcome({ input: { path: `${round}.ts` } })), "go on");
    }
    assert.equal(guard.takeNote(), null);
  });

  it("does not count the same failing test run after another attempt", () => {
    const guard = loopGuard();
    const failing = outcome({ tool: "run_tests", input: {}, content: "1 failed" });
    for (let round = 0; round < 8; round += 1) {
      assert.equal(guard.sawOutcome(write(`attempt ${round}`)), "go on");
      assert.equal(guard.sawOutcome(failing), "go on");
    }
  });

  it("ends a model that writes two versions in turn", () => {
    const guard = loopGuard();
    const rounds = Array.from({ length: 8 }, (_, round) => guard.sawOutcome(write(`version ${round % 2}`)));
    assert.equal(rounds.indexOf("repeated"), 6);
  });

  it("asks for the whole file after two failed edits, and forgets them after a good one", () => {
    const guard = loopGuard();
    const failed = (content: string): ToolOutcome => outcome({ tool: "edit_file", is_error: true, content });
    guard.sawOutcome(failed("one"));
    guard.sawOutcome(write("whole"));
    guard.sawOutcome(failed("two"));
    assert.equal(guard.takeNote(), null);
    guard.sawOutcome(failed("three"));
    assert.match(guard.takeNote() ?? "", /2 edits of a\.ts failed.*write_file/);
  });

  it("ends a model that only talks, but not one that works in between", () => {
    const guard = loopGuard();
    for (let round = 0; round < 4; round += 1) {
      assert.equal(guard.sawTalk("end"), "go on");
      assert.match(guard.takeNote() ?? "", /called no tool/);
      assert.equal(guard.sawTalk("end"), "go on");
      guard.sawOutcome(outcome({ content: String(round) }));
    }
    assert.deepEqual(
      [guard.sawTalk("end"), guard.sawTalk("end"), guard.sawTalk("end")],
      ["go on", "go on", "no_tool_calls"],
    );
  });

  it("tells an agent whose model refuses apart from one that only talks", () => {
    const guard = loopGuard();
    assert.deepEqual(
      [guard.sawTalk("refusal"), guard.sawTalk("safety"), guard.sawTalk("refusal")],
      ["go on", "go on", "refused"],
    );
  });

  it("tells a model whose answers are cut why, and ends it for that", () => {
    const guard = loopGuard();
    assert.equal(guard.sawTalk("length"), "go on");
    assert.match(guard.takeNote() ?? "", /reached its token limit/);
    assert.deepEqual([guard.sawTalk("length"), guard.sawTalk("length")], ["go on", "answers_cut"]);
  });
});
