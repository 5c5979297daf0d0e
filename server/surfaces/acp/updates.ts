import type { PlanEntry, SessionUpdate, ToolKind } from "@agentclientprotocol/sdk";
import type { RunEvent } from "../../../schemas/events.ts";

const toolKinds: Readonly<Record<string, ToolKind>> = {
  read_file: "read",
  list_files: "search",
  search: "search",
  write_file: "edit",
  edit_file: "edit",
  run_tests: "execute",
  run_command: "execute",
};

export const message = (text: string): SessionUpdate => ({
  sessionUpdate: "agent_message_chunk",
  content: { type: "text", text },
});

export const planOf = (stages: Iterable<readonly [string, PlanEntry["status"]]>): SessionUpdate => ({
  sessionUpdate: "plan",
  entries: Array.from(stages, ([content, status]) => ({ content, status, priority: "medium" })),
});

/** Turns the events of one run into session updates: a plan of its stages, tool calls, gate results. */
export class RunUpdates {
  readonly #stages = new Map<string, PlanEntry["status"]>();
  /** Ids of the tool call that each execution is working on. */
  readonly #calls = new Map<string, string>();
  #count = 0;

  /** The updates of an event. Most events have none. */
  of(event: RunEvent): SessionUpdate[] {
    switch (event.type) {
      case "run.started":
        for (const stage of event.stages) this.#stages.set(stage, "pending");
        return [this.#plan()];
      case "stage.started":
        this.#stages.set(event.stage, "in_progress");
        return [this.#plan()];
      case "stage.finished":
        this.#stages.set(event.stage.name, event.stage.status === "Pending" ? "pending" : "completed");
        return [this.#plan()];
      case "tool.started":
        return [this.#beginCall(event)];
      case "tool.called":
        return this.#endCall(event);
      case "gate.proved": {
        const { gate, held, reason } = event.proof;
        return [message(`${held ? "✔" : "✖"} ${event.stage} · ${gate}: ${reason}\n\n`)];
      }
      case "notice":
        return [message(`${event.message}\n\n`)];
      default:
        return [];
    }
  }

  #plan(): SessionUpdate {
    return planOf(this.#stages);
  }

  #beginCall({ execution_id, tool, subject }: Extract<RunEvent, { type: "tool.started" }>): SessionUpdate {
    this.#count += 1;
    const toolCallId = `${execution_id}-${this.#count}`;
    this.#calls.set(execution_id, toolCallId);
    return {
      sessionUpdate: "tool_call",
      toolCallId,
      title: `${tool} ${subject}`.trim(),
      kind: toolKinds[tool] ?? "other",
      status: "in_progress",
    };
  }

  #endCall({ execution_id, success, error }: Extract<RunEvent, { type: "tool.called" }>): SessionUpdate[] {
    const toolCallId = this.#calls.get(execution_id);
    if (toolCallId === undefined) return [];
    this.#calls.delete(execution_id);
    return [
      {
        sessionUpdate: "tool_call_update",
        toolCallId,
        status: success ? "completed" : "failed",
        ...(error !== null && { content: [{ type: "content", content: { type: "text", text: error } }] }),
      },
    ];
  }
}
