import type { SessionUpdate } from "@agentclientprotocol/sdk";
import type { MethodResult } from "../../../schemas/contract.ts";
import type { RunFinished } from "../../../schemas/events.ts";
import { isRunActive } from "../../../schemas/statuses.ts";
import type { Connection } from "../../hosting/connection.ts";
import { message, planOf } from "./updates.ts";

type StoredRun = MethodResult<"runs/list">["items"][number];

/** The runs of a session, oldest first. Runs that the retention has removed are missing. */
export const runsOfSession = async (connection: Connection, session: string): Promise<StoredRun[]> => {
  const found: StoredRun[] = [];
  let cursor: string | null = null;
  do {
    const page: MethodResult<"runs/list"> = await connection.call("runs/list", { cursor });
    found.push(...page.items.filter(({ run }) => run.options.started_by?.session === session));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found.reverse();
};

/** A run as a session shows it again: the prompt, the stages, and how it ended. */
export const updatesOfStored = ({ task, run }: StoredRun): SessionUpdate[] => {
  const words = [`/${task.workflow}`, task.file, task.description].filter((part) => part !== null);
  return [
    { sessionUpdate: "user_message_chunk", content: { type: "text", text: words.join(" ") } },
    planOf(run.stages.map(({ name, status }) => [name, status === "Pending" ? "pending" : "completed"])),
    message(isRunActive(run.status) ? "The run has not ended.\n" : `${verdictOf(run)}\n`),
  ];
};

/** How a run ended, and how to continue one that was interrupted. */
export const verdictOf = ({
  status,
  task_id,
  error,
}: Pick<RunFinished, "status" | "task_id" | "error">): string => {
  if (status === "Succeeded") return "All gates passed.";
  const why = error === null ? "" : ` ${error.message}`;
  const next =
    status === "Interrupted" || status === "LimitReached" ? ` Continue with /resume ${task_id}.` : "";
  return `The run ended as ${status}.${why}${next}`;
};
