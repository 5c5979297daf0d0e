import assert from "node:assert/strict";
import { ChangeSet } from "../../../schemas/changes.ts";
import { bench, type Bench, change, owner } from "./support.ts";

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");
const poem = lines("one", "two", "three", "four", "five", "six");

describe("a change set of what a worker handed back", () => {
  let at: Bench;
  beforeEach(async () => {
    at = await bench({
      "a.ts": lines("one", "two", "three"),
      "old.ts": poem,
      "logo.png": Buffer.of(1, 0, 2),
    });
  });
  afterEach(() => at.workspace.remove());

  it("names kind, hashes and lines of each file, in the order of their paths", async () => {
    const set = await at.changes.build(
      owner,
      [
        change("z.ts", null, lines("new", "file")),
        change("a.ts", lines("one", "two", "three"), lines("one", "2", "three", "four")),
        change("old.ts", poem, null),
      ],
      [],
    );
    ChangeSet.parse(set);
    assert.deepEqual(
      set.files.map((file) => [file.path, file.kind, file.lines_added, file.lines_removed, file.decision]),
      [
        ["a.ts", "Modified", 2, 1, "Pending"],
        ["old.ts", "Deleted", 0, 6, "Pending"],
        ["z.ts", "Created", 2, 0, "Pending"],
      ],
    );
  });

  it("takes a deletion and a similar creation for a rename, and gives a worker both again", async () => {
    const moved = poem.replace("four", "FOUR");
    const list = [change("old.ts", poem, null), change("new.ts", null, moved)];
    const set = await at.changes.build(owner, list, []);
    assert.deepEqual(
      set.files.map((file) => [file.path, file.kind, file.old_path, file.lines_added, file.lines_removed]),
      [["new.ts", "Renamed", "old.ts", 1, 1]],
    );
    assert.deepEqual(await at.changes.fileChanges(set), list);
  });

  it("does not take unlike files, or empty ones, for renames", async () => {
    await at.workspace.write("empty.ts", "");
    const list = [
      change("old.ts", poem, null),
      change("new.ts", null, lines("nothing", "alike")),
      change("empty.ts", "", null),
      change("void.ts", null, ""),
    ];
    const set = await at.changes.build(owner, list, []);
    assert.deepEqual(set.files.map(({ kind }) => kind).sort(), ["Created", "Created", "Deleted", "Deleted"]);
  });

  it("marks a binary file and counts no lines of it", async () => {
    const set = await at.changes.build(
      owner,
      [change("logo.png", Buffer.of(1, 0, 2), Buffer.of(1, 0, 3))],
      [],
    );
    assert.deepEqual(
      set.files.map((file) => [file.binary, file.lines_added, file.lines_removed]),
      [[true, 0, 0]],
    );
  });

  it("leaves out what changes nothing and what is closed to agents", async () => {
    const set = await at.changes.build(
      owner,
      [
        change("a.ts", lines("one", "two", "three"), lines("one", "two", "three")),
        change(".git/hooks/pre-commit", null, "#!/bin/sh\n", true),
        change(".GIT/hooks/pre-commit", null, "#!/bin/sh\n", true),
        change(".env", null, "KEY=1\n"),
        change(".coditect/state/state.json", null, "{}\n"),
      ],
      [],
    );
    assert.deepEqual(set.files, []);
  });

  it("refuses two changes of one path", async () => {
    await assert.rejects(at.changes.build(owner, [change("b", null, "1"), change("b", null, "2")], []), {
      code: "instance_refused",
    });
  });

  it("knows the text before from an unsaved document", async () => {
    const unsaved = lines("one", "unsaved", "three");
    const set = await at.changes.build(
      owner,
      [change("a.ts", unsaved, lines("one", "unsaved", "3"))],
      [{ path: "a.ts", text: unsaved }],
    );
    assert.match(await at.changes.diff(set), /^-three\n\+3$/m);
  });

  it("still shows the text before when the user edited the file after it was remembered", async () => {
    await at.changes.remember(["a.ts"], []);
    await at.workspace.write("a.ts", "edited\n");
    const list = [change("a.ts", lines("one", "two", "three"), lines("one", "two", "3"))];
    const set = await at.changes.build(owner, list, []);
    assert.match(await at.changes.diff(set), /^-three\n\+3$/m);
  });

  it("says so when the text before cannot be had any more", async () => {
    const set = await at.changes.build(owner, [change("a.ts", "never kept\n", "after\n")], []);
    assert.match(await at.changes.diff(set), /edited since and is not kept/);
    assert.deepEqual(await at.changes.contents(set), [
      { path: "a.ts", before: null, after: { encoding: "utf8", data: "after\n" } },
    ]);
  });
});

describe("the text of a change set", () => {
  it("is what git writes, file by file", async () => {
    const at = await bench({ "a.ts": "one\r\ntwo\r\n", "old name.ts": poem, "logo.png": Buffer.of(1, 0, 2) });
    const set = await at.changes.build(
      owner,
      [
        change("a.ts", "one\r\ntwo\r\n", "one\r\n2"),
        change("run.sh", null, "#!/bin/sh\n", true),
        change("old name.ts", poem, null),
        change("new name.ts", null, poem.replace("one", "1")),
        change("logo.png", Buffer.of(1, 0, 2), null),
      ],
      [],
    );
    const expected = [
      "diff --git a/a.ts b/a.ts",
      "--- a/a.ts",
      "+++ b/a.ts",
      "@@ -1,2 +1,2 @@",
      " one\r",
      "-two\r",
      "+2",
      "\\ No newline at end of file",
      "diff --git a/logo.png b/logo.png",
      "deleted file mode 100644",
      "Binary files a/logo.png and /dev/null differ",
      "diff --git a/old name.ts b/new name.ts",
      "rename from old name.ts",
      "rename to new name.ts",
      "--- a/old name.ts",
      "+++ b/new name.ts",
      "@@ -1,4 +1,4 @@",
      "-one",
      "+1",
      " two",
      " three",
      " four",
      "diff --git a/run.sh b/run.sh",
      "new file mode 100755",
      "--- /dev/null",
      "+++ b/run.sh",
      "@@ -0,0 +1,1 @@",
      "+#!/bin/sh",
      "",
    ].join("\n");
    assert.equal(await at.changes.diff(set), expected);
    await at.workspace.remove();
  });

  // A comparison in quadratic time would pass the deadline of the suite.
  it("compares two large texts that have nothing in common", async () => {
    const text = (word: string) => Array.from({ length: 40_000 }, (_, line) => `${word} ${line}\n`).join("");
    const at = await bench({ "big.txt": text("left") });
    const set = await at.changes.build(owner, [change("big.txt", text("left"), text("right"))], []);
    assert.deepEqual(
      set.files.map((file) => [file.lines_added, file.lines_removed]),
      [[40_000, 40_000]],
    );
    await at.workspace.remove();
  });
});
