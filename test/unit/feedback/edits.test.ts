import assert from "node:assert/strict";
import { lessonsOfEdits, rewrittenLines } from "../../../server/feedback/edits.ts";
import { createFeedback } from "../../../server/feedback/feedback.ts";
import { runGit } from "../../support/git.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { aChangedFile, aChangeSet, aRun } from "../../support/records.ts";
import { type TestWorkspace, testWorkspace } from "../../support/workspace.ts";

const lines = (...text: string[]) => `${text.join("\n")}\n`;
const before = lines("one", "two", "three");
const after = lines("one", "let total = 0", "total += 1", "three");

describe("what the user rewrote of accepted changes", () => {
  it("is what replaces lines an agent had written", () => {
    assert.deepEqual(rewrittenLines(before, after, lines("one", "const total = 1", "three")), [
      "-let total = 0",
      "-total += 1",
      "+const total = 1",
    ]);
  });

  it("is what was put between two of them", () => {
    const present = lines("one", "let total = 0", "check()", "total += 1", "three");
    assert.deepEqual(rewrittenLines(before, after, present), ["+check()"]);
  });

  it("is nothing while they stand, whatever happens elsewhere in the file", () => {
    assert.deepEqual(rewrittenLines(before, after, after), []);
    assert.deepEqual(rewrittenLines(before, after, after.replace("three", "four")), []);
  });

  it("is nothing if only the layout changed", () => {
    assert.deepEqual(rewrittenLines(before, after, after.replace("total += 1", "  total  += 1")), []);
  });

  it("is nothing if the user only took back what was accepted, in whole or in part", () => {
    assert.deepEqual(rewrittenLines(before, after, before), []);
    assert.deepEqual(rewrittenLines(before, after, lines("one", "let total = 0", "two", "three")), []);
    assert.deepEqual(rewrittenLines(before, after, lines("one", "let total = 0", "three")), []);
    assert.deepEqual(rewrittenLines("", after, lines("one")), []);
  });

  it("is nothing while the file holds a conflict that nobody has decided", () => {
    const theirs = ["<<<<<<< HEAD", "let total = 0", "=======", "const sum = all()", ">>>>>>> main"];
    assert.deepEqual(rewrittenLines(before, after, lines("one", ...theirs, "three")), []);
    const decided = lines("one", "const sum = all()", "three");
    assert.notDeepEqual(rewrittenLines(before, after, decided), []);
  });

  it("is nothing if an older text of the file is back", () => {
    const older = lines("one", "const sum = 0", "three");
    assert.deepEqual(rewrittenLines(before, after, older, [older]), []);
    assert.notDeepEqual(rewrittenLines(before, after, older), []);
  });

  it("is what the user wrote in place of work they took back", () => {
    assert.deepEqual(rewrittenLines(before, after, lines("one", "two", "total = count(all)", "three")), [
      "-let total = 0",
      "-total += 1",
      "+two",
      "+total = count(all)",
    ]);
  });

  it("is cut where it is long", () => {
    const long = lines(...Array.from({ length: 20 }, (_, index) => `${index} ${"x".repeat(500)}`));
    const shown = rewrittenLines("", long, long.replaceAll("x", "y"));
    assert.equal(shown.length, 16);
    assert.ok(shown.every((line) => line.length <= 160));
  });

  describe("of a run before", () => {
    let workspace: TestWorkspace;
    let store: ReturnType<typeof memoryStore>;
    beforeEach(async () => {
      workspace = await testWorkspace({ "a.js": lines("one", "const total = 1", "three") });
      store = memoryStore();
      const keep = (text: string) => store.objects.put(Buffer.from(text));
      const versions = { before: await keep(before), after: await keep(after) };
      const file = aChangedFile("a.js", { ...versions, decision: "Accepted" });
      const run = aRun("00000000-0000-4000-8000-000000000002");
      const changeSet = aChangeSet(run.task_id, null, [file]);
      await store.commit((transaction) => {
        transaction.put("changeSets", changeSet);
        transaction.put("runs", { ...run, change_set_id: changeSet.change_set_id });
      });
    });
    afterEach(() => workspace.remove());

    it("is not known if nobody can ask git whether it was there before", async () => {
      const found = await lessonsOfEdits(store, workspace.root, new AbortController().signal);
      assert.equal(found.length, 1);
      const stopped = new AbortController();
      const lessons = lessonsOfEdits(store, workspace.root, stopped.signal);
      // It reads the texts now, and asks git afterwards.
      stopped.abort();
      assert.deepEqual(await lessons, []);
    });

    it("delays the next run no longer than it may, and is learned in time", async () => {
      const learned = async (more: { catchUpMilliseconds?: number }): Promise<number> => {
        const settings = { lessons: true };
        const parts = { store, workspace: workspace.root, settings, secrets: [], log: () => undefined };
        const feedback = createFeedback({ ...parts, ...more });
        await feedback.catchUp();
        return (await feedback.list()).length;
      };
      // Git is asked about a repository, and does not answer in a millisecond.
      await runGit(workspace.root, "init", "-q");
      assert.equal(await learned({ catchUpMilliseconds: 0 }), 0);
      assert.equal(await learned({}), 1);
    });
  });
});
