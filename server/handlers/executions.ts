import { withModel } from "../../schemas/agent.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import { fail } from "../../schemas/errors.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { askedOf, buildConversation } from "../executions/conversation.ts";
import { exportExecution } from "../feedback/export.ts";
import { lessonOfRating } from "../feedback/lessons.ts";
import { rate } from "../models/execution.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** An execution without its input, which can be megabytes; `executions/get` has it. */
export const withoutInput = ({ input, ...rest }: AgentExecution): Omit<AgentExecution, "input"> => rest;

/** The transcript up to where the model was asked for that turn; null if it never was. */
const askedIn = (entries: readonly TranscriptEntry[], turn: number | null): TranscriptEntry[] | null => {
  const isAnswer = (entry: TranscriptEntry): boolean =>
    entry.type === "answer" && (turn === null || entry.turn === turn);
  const answer = entries.findLastIndex(isAnswer);
  if (answer !== -1) return entries.slice(0, answer);
  const isBegun = turn === null && entries.some(({ type }) => type === "prompt");
  return isBegun ? [...entries] : null;
};

/** Documents: "Agent Execution Tracking". */
export const executionHandlers = ({
  store,
  runs,
  gateway,
  changes,
  feedback,
  secrets,
  now,
}: HandlerContext): HandlersOf<"executions"> => ({
  "executions/start": ({ agent_id, prompt, file, options }) =>
    runs.startExecution(found(store, "agents", agent_id), { prompt, file, options }),

  "executions/get": ({ execution_id }) => found(store, "executions", execution_id),

  "executions/list": ({ task_id, instance_id, status, limit, cursor }) => {
    const page = store.page("executions", { task_id, instance_id, status }, { limit, cursor });
    return { items: page.items.map(withoutInput), next_cursor: page.next_cursor };
  },

  "executions/cancel": ({ execution_id }) => {
    found(store, "executions", execution_id);
    return runs.cancelExecution(execution_id);
  },

  "executions/request": async ({ execution_id, turn }) => {
    const { task_id, metadata, input } = found(store, "executions", execution_id);
    const asked = askedIn(await store.transcripts.read(execution_id), turn);
    if (asked === null) throw fail("not_found", { kind: "request of execution", id: execution_id });
    const ofRun =
      store.get("runs", task_id)?.options.provider ?? found(store, "agents", metadata.agent_id).provider;
    // The run may leave the model to the agents' roles; the execution has the one that was asked.
    const provider = withModel(ofRun, metadata.model);
    return gateway.preview({ ...buildConversation(asked), ...askedOf(input.parameters) }, provider);
  },

  "executions/rate": async ({ execution_id, verdict, note }) => {
    const rated = rate(found(store, "executions", execution_id), { verdict, note }, now());
    await store.commit((transaction) => {
      transaction.put("executions", rated);
    });
    const { agent_type, stage } = rated.metadata;
    const task = found(store, "tasks", rated.task_id);
    const rating = { verdict, note, rated_at: now() };
    await feedback.learn(lessonOfRating(rating, `The work of the ${agent_type} (${stage})`, task));
    return rated;
  },

  "executions/export": ({ execution_id }) =>
    exportExecution({ store, changes, secrets }, found(store, "executions", execution_id)),

  "executions/transcript": async ({ execution_id, from }) => {
    found(store, "executions", execution_id);
    const entries = await store.transcripts.read(execution_id, from);
    return { entries, next: from + entries.length };
  },
});
