import assert from "node:assert/strict";
import fc from "fast-check";
import {
  lessonId,
  lessonsForAgents,
  mergeLessons,
  parseLessons,
  renderLessons,
  type Lesson,
} from "../../../server/feedback/lessons-file.ts";

const lesson = (subject: string, text = `- About ${subject}.`): Lesson => ({ id: lessonId(subject), text });
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
    const deleted = file.replace(/<!-- lesson \w+ \w+ -->\n- About a\.\n/, "");
    assert.doesNotMatch(taught(deleted, lesson("a"), lesson("b")), /About a/);
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
