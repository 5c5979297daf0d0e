import assert from "node:assert/strict";
import fc from "fast-check";
import {
  lessonId,
  lessonsForAgents,
  mergeLessons,
  parseLessons,
  renderLessons,
  withoutLesson,
} from "../../../server/feedback/lessons-file.ts";
import type { Lesson } from "../../../schemas/lessons.ts";

const lesson = (subject: string, text = `- About ${subject}.`): Lesson => ({
  lesson_id: lessonId(subject),
  text,
  origin: { kind: "rating", day: "2026-11-28", task_id: "7f0c1e3a-5b9d-4c7e-8a51-2f6d9b3e0c14" },
});
const taught = (file: string, ...lessons: Lesson[]): string =>
  renderLessons(mergeLessons(parseLessons(file), lessons));

describe("the file of lessons", () => {
  it("holds a lesson once, brought up to date", () => {
    const once = taught(taught("", lesson("a", "- Seen once.")), lesson("a", "- Seen twice."));
    assert.equal(once.match(/^- /gm)?.length, 1);
    assert.match(once, /^- Seen twice\.$/m);
  });

  it("keeps what the user edited, and does not bring it up to date", () => {
    const edited = taught("", lesson("a")).replace("- About a.", "- About a, in my words.");
    const again = taught(edited, lesson("a", "- Another text."));
    assert.match(again, /in my words/);
    assert.doesNotMatch(again, /Another text/);
  });

  it("does not bring back what the user deleted", () => {
    const file = taught("", lesson("a"), lesson("b"));
    const deleted = file.replace(/<!-- lesson [^\n]+\n- About a\.\n/, "");
    assert.doesNotMatch(taught(deleted, lesson("a"), lesson("b")), /About a/);
  });

  it("does not bring back what the user rejected", () => {
    const file = parseLessons(taught("", lesson("a"), lesson("b")));
    const rejected = withoutLesson(file, lessonId("a"));
    assert.ok(rejected !== null);
    const again = taught(renderLessons(rejected), lesson("a"));
    assert.doesNotMatch(again, /About a/);
    assert.match(again, /About b/);
    assert.equal(withoutLesson(file, lessonId("c")), null);
  });

  it("keeps where each lesson comes from, and reads lessons of older versions without", () => {
    const file = taught("", lesson("a"));
    assert.deepEqual(parseLessons(file).entries[0]?.origin, lesson("a").origin);
    const older = file.replace(/ from rating [^>]+ -->/, " -->");
    assert.equal(parseLessons(older).entries[0]?.origin, null);
    assert.equal(parseLessons(older).entries[0]?.text, "- About a.");
  });

  it("keeps the user's own text before and between the lessons", () => {
    const own = `Use British spelling.\n\n${taught("", lesson("a"))}`.replace(
      "- About a.",
      "- About a.\n\nMine.",
    );
    const again = taught(own, lesson("b"));
    assert.match(again, /^Use British spelling\.$/m);
    assert.match(again, /^Mine\.$/m);
    assert.match(again, /^- About b\.$/m);
  });

  it("stays bounded, the oldest lessons making room but never the user's", () => {
    let file = taught("", lesson("first")).replace("About first", "About the first, as I see it");
    for (let index = 0; index < 300; index++) file = taught(file, lesson(`number ${index}`));
    assert.equal(file.match(/^- About number/gm)?.length, 40);
    assert.match(file, /as I see it/);
    assert.match(file, /number 299/);
    assert.ok(lessonsForAgents(taught(file, lesson("long", `- ${"x".repeat(9000)}`))).length <= 6000);
  });

  it("gives agents the lessons without the marks, and nothing while there is nothing", () => {
    assert.equal(lessonsForAgents(""), "");
    assert.equal(lessonsForAgents(renderLessons(parseLessons(""))), "");
    assert.equal(lessonsForAgents(taught("", lesson("a"), lesson("b"))), "- About a.\n- About b.");
  });

  it("is the same after it was read and written, whatever the user wrote into it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (head, own) => {
        const file = taught(`${head}\n\n${taught("", lesson("a"))}\n${own}`, lesson("b"));
        assert.equal(renderLessons(parseLessons(file)), file);
      }),
    );
  });
});
