import assert from "node:assert/strict";
import type { EditorCommand } from "../../../../schemas/editor.ts";
import { mergeLessons, parseLessons, renderLessons } from "../../../../server/feedback/lessons-file.ts";
import { lessonLenses } from "../../../../server/surfaces/lsp/lesson-lenses.ts";
import { createLocalizer } from "../../../../schemas/localizer.ts";

const english = createLocalizer({});
const uri = "file:///project/.coditect/lessons.md";
const task_id = "7f0c1e3a-5b9d-4c7e-8a51-2f6d9b3e0c14";
const text = renderLessons(
  mergeLessons(parseLessons("Use British spelling.\n"), [
    {
      lesson_id: "0123456789ab",
      text: "- Round at the end.",
      origin: { kind: "rating", day: "2026-11-28", task_id },
    },
    { lesson_id: "ba9876543210", text: "- Of unknown origin.", origin: null },
  ]),
);
const both = new Set<EditorCommand>(["coditect.showRun", "coditect.rejectLesson"]);

describe("code lenses over lessons", () => {
  it("say where each lesson comes from, and offer to reject it", () => {
    const lenses = lessonLenses({ uri, text }, both, english);
    assert.deepEqual(
      lenses.map(({ range, command }) => [text.split("\n")[range.start.line]?.slice(0, 24), command?.title]),
      [
        ["<!-- lesson 0123456789ab", "From your rating on 2026-11-28"],
        ["<!-- lesson 0123456789ab", "Reject this lesson"],
        ["<!-- lesson ba9876543210", "Reject this lesson"],
      ],
    );
    assert.deepEqual(lenses[0]?.command?.arguments, [{ uri, task_id }]);
    assert.deepEqual(lenses[1]?.command?.arguments, [{ uri, lesson_id: "0123456789ab" }]);
  });

  it("are not offered to an editor that has no such commands", () => {
    assert.deepEqual(lessonLenses({ uri, text }, new Set(), english), []);
  });
});
