import type { Method, MethodInput, MethodResult } from "../../../../schemas/contract.ts";
import type { RuntimeEvent } from "../../../../schemas/events.ts";
import type { TeamRun } from "../../../../schemas/run.ts";
import type { Progress } from "../display/progress.ts";
import { followRun, type RunFinished, type RunView } from "../display/view.ts";

/** A runtime a command talks to: one it started itself, or one that was running already. */
export interface Connection {
  call<M extends Method>(method: M, params: MethodInput<M>): Promise<MethodResult<M>>;
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  /** Whether the runtime is another process's: its keys, addresses and settings hold. */
  readonly isAttached: boolean;
  /** Rejects if the runtime goes away; never resolves. */
  lost: Promise<never>;
  /** Ends a runtime that was started for this command; leaves any other one alone. */
  close(): Promise<void>;
}

export interface Following {
  connection: Connection;
  view: RunView;
  /** Starts or resumes the run. */
  start: () => Promise<TeamRun>;
  /** Made once the run is known, because it draws at once. */
  progress: () => Promise<Progress>;
  /** Answers a stage that waits for a person. */
  approve: (question: string) => Promise<boolean>;
  signal: AbortSignal;
}

/** Follows a run from its start to its end. When the signal aborts, the run is cancelled first. */
export const follow = async (following: Following): Promise<RunFinished> => {
  const { connection, view, signal } = following;
  const early: RuntimeEvent[] = [];
  let handle = (event: RuntimeEvent): void => void early.push(event);
  const unsubscribe = connection.subscribe((event) => {
    handle(event);
  });
  let progress: Progress | undefined;
  try {
    view.taskId = (await following.start()).task_id;
    progress = await following.progress();
    return await new Promise<RunFinished>((resolve, reject) => {
      connection.lost.catch(reject);
      handle = eventHandler(following, progress, resolve, reject);
      early.forEach(handle);
      const cancel = () => {
        connection.call("runs/cancel", { task_id: view.taskId }).catch(reject);
      };
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  } finally {
    unsubscribe();
    progress?.end();
  }
};

const eventHandler = (
  { connection, view, approve }: Following,
  progress: Progress | undefined,
  finish: (event: RunFinished) => void,
  abandon: (error: unknown) => void,
): ((event: RuntimeEvent) => void) => {
  const update = followRun(view);
  return (event) => {
    if (!("task_id" in event) || event.task_id !== view.taskId) return;
    update(event);
    progress?.event(event);
    if (event.type === "approval.needed")
      approve(event.question)
        .then((approved) =>
          connection.call("runs/approve", { task_id: event.task_id, stage: event.stage, approved }),
        )
        .catch(abandon);
    if (event.type === "run.finished") finish(event);
  };
};
