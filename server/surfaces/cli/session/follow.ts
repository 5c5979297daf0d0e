import type { RunFinished } from "../../../../schemas/events.ts";
import type { TeamRun } from "../../../../schemas/run.ts";
import { foldRun, type RunView } from "../../../../schemas/run-view.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { followRun } from "../../../hosting/follow-run.ts";
import type { Progress } from "../display/progress.ts";
import { TerminalQuestions, type ReadLine } from "./questions.ts";

export interface Following {
  connection: Connection;
  view: RunView;
  /** Starts or resumes the run. */
  start: () => Promise<TeamRun>;
  /** Created when the run is known, because it draws immediately. */
  progress: () => Promise<Progress>;
  /** Answers a stage that waits for a person. */
  approve: (question: string) => Promise<boolean>;
  readLine: ReadLine;
  signal: AbortSignal;
}

/** Follows a run from its start to its end and shows it. When the signal aborts, the run is cancelled first. */
export const follow = async ({
  connection,
  view,
  start,
  progress: openProgress,
  approve,
  readLine,
  signal,
}: Following): Promise<RunFinished> => {
  let progress: Progress | undefined;
  const questions = new TerminalQuestions(connection, readLine);
  try {
    return await followRun({
      connection,
      signal,
      start: async () => {
        const run = await start();
        view.task_id = run.task_id;
        progress = await openProgress();
        return run;
      },
      onEvent: (event) => {
        foldRun(view, event);
        progress?.event(event);
        if (event.type === "permission.needed") return questions.ask(event.permission);
        if (event.type === "permission.settled") questions.settled(event.permission_id);
        if (event.type === "question.needed") return questions.askForServer(event.question);
        if (event.type === "question.settled") questions.settled(event.question_id);
        if (event.type !== "approval.needed") return undefined;
        const { task_id, stage } = event;
        return approve(event.question).then((approved) =>
          connection.call("runs/approve", { task_id, stage, approved }),
        );
      },
    });
  } finally {
    progress?.end();
  }
};
