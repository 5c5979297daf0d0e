import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { taskDataItems } from "../../../server/context/task-data.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("what a task brings along", () => {
  const { signal } = new AbortController();
  let workspace: TestWorkspace;
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], {
      cwd: workspace.root,
    });

  before(async () => {
    workspace = await testWorkspace({ "a.js": "one\n" });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    await workspace.write("a.js", "two\n");
  });
  after(() => workspace.remove());

  it("is shown to the agent as it was reported", async () => {
    const [item] = await taskDataItems(
      { diagnostic: { message: "is not a function" } },
      workspace.root,
      signal,
    );
    assert.equal(item?.context_type, "DataFile");
    assert.match(item.content, /is not a function/);
  });

  it("is the diff since a revision, where the task is about that", async () => {
    const [item] = await taskDataItems({ diff_base: "HEAD" }, workspace.root, signal);
    assert.match(item?.content ?? "", /^-one\n\+two$/m);
  });

  it("does not contain files that agents may not see, even if they were renamed", async () => {
    const closed = { ".env.prod": "API_KEY=abcdefgh12345\n", "plans/next.md": "one\n", ".npmrc": "a=one\n" };
    for (const [path, text] of Object.entries({ ...closed, ".coditectignore": "plans/\n" }))
      await workspace.write(path, text);
    git("add", "--force", ".");
    git("commit", "-qm", "two");
    for (const path of Object.keys(closed)) await workspace.write(path, "NEXT_KEY=abcdefgh12345\n");
    await workspace.write("a.js", "three\n");
    git("mv", "plans/next.md", "plans/later.md");
    const [item] = await taskDataItems({ diff_base: "HEAD" }, workspace.root, signal);
    assert.match(item?.content ?? "", /^\+three$/m);
    assert.doesNotMatch(item?.content ?? "", /KEY|plans|npmrc/);
    git("reset", "-q", "--hard", "HEAD~1");
    await workspace.write("a.js", "two\n");
  });

  it("is refused, with the revision, when git does not know it", async () => {
    await assert.rejects(taskDataItems({ diff_base: "nowhere" }, workspace.root, signal), /since nowhere/);
  });

  it("never takes an option of git for a revision", async () => {
    const items = await taskDataItems({ diff_base: "--output=stolen" }, workspace.root, signal);
    assert.equal(items[0]?.mime_type, "application/json");
    assert.deepEqual(
      await workspace.list().then((files) => files.filter((file) => !file.startsWith(".git/"))),
      ["a.js"],
    );
  });
});
