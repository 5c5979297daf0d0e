import type { CodeLens } from "vscode-languageserver/node";
import type { EditorCommand } from "../../../schemas/editor.ts";
import type { LessonOrigin } from "../../../schemas/lessons.ts";
import type { Localizer } from "../../../schemas/localizer.ts";
import { lessonMarkers } from "../../feedback/lessons-file.ts";

const originText = ({ kind, day }: LessonOrigin, l10n: Localizer): string => {
  const texts: Record<LessonOrigin["kind"], string> = {
    edit: l10n.t("From your edit of accepted changes, before {0}", day),
    dismissal: l10n.t("From a finding you dismissed on {0}", day),
    discard: l10n.t("From changes you discarded on {0}", day),
    rating: l10n.t("From your rating on {0}", day),
  };
  return texts[kind];
};

/** A code lens over each lesson in `.coditect/lessons.md`: its origin, and an action to reject it. */
export const lessonLenses = (
  { uri, text }: { uri: string; text: string },
  commands: ReadonlySet<EditorCommand>,
  l10n: Localizer,
): CodeLens[] =>
  lessonMarkers(text).flatMap(({ line, lesson_id, origin }): CodeLens[] => {
    const at = { line, character: 0 };
    const lens = (title: string, command: EditorCommand, argument: unknown): CodeLens[] =>
      commands.has(command)
        ? [{ range: { start: at, end: at }, command: { title, command, arguments: [argument] } }]
        : [];
    const from =
      origin === null
        ? []
        : lens(originText(origin, l10n), "coditect.showRun", { uri, task_id: origin.task_id });
    return [...from, ...lens(l10n.t("Reject this lesson"), "coditect.rejectLesson", { uri, lesson_id })];
  });
