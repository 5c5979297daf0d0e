import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createFeedback } from "../../../server/feedback/feedback.ts";
import type { Lesson } from "../../../schemas/lessons.ts";
import { lessonId, LESSONS_FILE } from "../../../server/feedback/lessons-file.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const lesson = (subject: string): Lesson => ({
  lesson_id: lessonId(subject),
  text: `- About ${subject}.`,
  origin: null,
});

describe("what is learned in a workspace", () => {
  let workspace: TestWorkspace;
  let problems: string[];
  const feedback = (lessons = true) =>
    createFeedback({
      store: memoryStore(),
      workspace: workspace.root,
      settings: { lessons },
      secrets: ["a-secret-of-the-environment"],
      log: (_level, message) => problems.push(message),
    });

  beforeEach(async () => {
    workspace = await testWorkspace();
    problems = [];
  });
  afterEach(() => workspace.remove());

  it("loses nothing of what is said at once, and leaves no other file", async () => {
    const at = feedback();
    const subjects = Array.from({ length: 20 }, (_, index) => `subject ${index}`);
    await Promise.all(subjects.map((subject) => at.learn([lesson(subject)])));
    const given = (await at.lessons())?.content ?? "";
    for (const subject of subjects) assert.ok(given.includes(`About ${subject}.`), subject);
    assert.deepEqual(await workspace.list(), [LESSONS_FILE]);
    assert.deepEqual(problems, []);
  });

  it("holds no secret of the environment", async () => {
    await feedback().learn([lesson("a-secret-of-the-environment")]);
    assert.match(await workspace.read(LESSONS_FILE), /About \[redacted\]\./);
  });

  it("is never written through a link that leads out, and keeps nobody up", async () => {
    const outside = await testWorkspace({ "lessons.md": "somebody else's" });
    try {
      await mkdir(join(workspace.root, ".coditect"));
      await symlink(join(outside.root, "lessons.md"), join(workspace.root, LESSONS_FILE));
      const at = feedback();
      await at.learn([lesson("a")]);
      assert.equal(await at.lessons(), null);
      assert.equal(await outside.read("lessons.md"), "somebody else's");
      assert.deepEqual(problems, [
        `${LESSONS_FILE} could not be written`,
        `${LESSONS_FILE} could not be read`,
      ]);
    } finally {
      await outside.remove();
    }
  });

  it("is nothing while the setting is off", async () => {
    const at = feedback(false);
    await Promise.all([at.learn([lesson("a")]), at.catchUp()]);
    assert.equal(await at.lessons(), null);
    assert.deepEqual(await workspace.list(), []);
  });
});
