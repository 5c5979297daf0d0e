import type { Lesson } from "../../../../schemas/lessons.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { type RecordFlags, withConnection } from "./records.ts";

const originText = ({ origin }: Lesson): string => {
  if (origin === null) return "of unknown origin";
  const texts = {
    edit: "from your edit of accepted changes",
    dismissal: "from a finding you dismissed",
    discard: "from changes you discarded",
    rating: "from your rating",
  };
  return `${texts[origin.kind]}, ${origin.day}, run ${origin.task_id}`;
};

/** `coditect lessons list`: the lessons for agents, and their origins. */
export const listLessons = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const { items } = await connection.call("lessons/list", {});
    for (const lesson of items)
      terminal.out(
        flags.json === true
          ? `${JSON.stringify(lesson)}\n`
          : `${terminal.style("bold", lesson.lesson_id)} ${originText(lesson)}\n${lesson.text}\n\n`,
      );
    return exitCodes.held;
  });

/** `coditect lessons reject ID`: agents no longer get the lesson. */
export const rejectLesson = (id: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    await connection.call("lessons/reject", { lesson_id: id });
    if (flags.json !== true) context.terminal.out(`Lesson ${id} is rejected. Agents no longer receive it.\n`);
    return exitCodes.held;
  });
