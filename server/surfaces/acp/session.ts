import type {
  AgentContext,
  ElicitationCapabilities,
  PromptRequest,
  PromptResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
  SessionUpdate,
  ToolCallContent,
} from "@agentclientprotocol/sdk";
import { methods } from "@agentclientprotocol/sdk";
import { join } from "node:path";
import { untilAborted } from "../../../schemas/abortable.ts";
import type { MethodResult } from "../../../schemas/contract.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import { createLocalizer } from "../../../schemas/localizer.ts";
import {
  PermissionDecision,
  permissionQuestion,
  type PermissionRequest,
} from "../../../schemas/permissions.ts";
import type { RunEvent } from "../../../schemas/events.ts";
import { plainText } from "../../../schemas/plain-text.ts";
import { type QuestionAnswer, questionTitle, type ServerQuestion } from "../../../schemas/questions.ts";
import type { RunOptions, RunOrigin, TeamRun } from "../../../schemas/run.ts";
import { commandOrigin } from "../../../schemas/run-origin.ts";
import { readTraceContext } from "../../../schemas/trace.ts";
import type { Connection } from "../../hosting/connection.ts";
import { followRun } from "../../hosting/follow-run.ts";
import { type PromptedWork, readPrompt } from "./request.ts";
import { runsOfSession, updatesOfStored, verdictOf } from "./history.ts";
import { askInEditor } from "./server-question.ts";
import { RunUpdates } from "./updates.ts";

const l10n = createLocalizer({});

/** A runtime for the session's folder, with the options of all its runs. */
export interface AcpRuntime {
  connection: Connection;
  runOptions: Partial<RunOptions>;
  close(): Promise<void>;
}

/** The data for the work on one prompt. */
interface PromptWork {
  connection: Connection;
  client: AgentContext;
  /** Aborts when the user cancels the prompt. After that, nothing waits for the user's answers. */
  signal: AbortSignal;
}

/** One ACP session: a workspace folder and at most one run at a time. */
export class AcpSession {
  readonly #id: string;
  /** The kinds of questions that the editor can show. Null: none. */
  readonly #elicitation: ElicitationCapabilities | null;
  readonly #workspace: string;
  readonly #open: () => Promise<AcpRuntime>;
  #runtime: Promise<AcpRuntime> | undefined;
  #prompt: AbortController | undefined;

  constructor(
    { id, can }: { id: string; can: ElicitationCapabilities | null },
    workspace: string,
    open: () => Promise<AcpRuntime>,
  ) {
    this.#id = id;
    this.#elicitation = can;
    this.#workspace = workspace;
    this.#open = open;
  }

  /** Works on a prompt until its run ends. A request that is not valid gets an answer in the conversation. */
  async prompt({ prompt, _meta }: PromptRequest, client: AgentContext): Promise<PromptResponse> {
    const controller = new AbortController();
    this.#prompt = controller;
    // ACP clients put the trace of a request here.
    const trace = readTraceContext(_meta?.traceparent, _meta?.tracestate);
    const origin = { ...commandOrigin("session/prompt", trace), session: this.#id };
    try {
      await this.#work(readPrompt(prompt, this.#workspace), origin, client, controller.signal);
      return { stopReason: controller.signal.aborted ? "cancelled" : "end_turn" };
    } catch (error) {
      if (controller.signal.aborted) return { stopReason: "cancelled" };
      if (!(error instanceof CoditectError)) throw error;
      await this.#say(client, [error.message, error.nextStep].filter((text) => text !== null).join("\n"));
      return { stopReason: "end_turn" };
    } finally {
      this.#prompt = undefined;
    }
  }

  /** Shows the prompts and runs of the session again. Resolves with how many there are. */
  async showAgain(client: AgentContext): Promise<number> {
    const { connection } = await this.#opened();
    const runs = await runsOfSession(connection, this.#id);
    for (const update of runs.flatMap(updatesOfStored)) await this.#update(client, update);
    return runs.length;
  }

  /** Cancels the run of the current prompt. */
  cancel(): void {
    this.#prompt?.abort();
  }

  async close(): Promise<void> {
    this.cancel();
    await (await this.#runtime?.catch(() => undefined))?.close();
  }

  #opened(): Promise<AcpRuntime> {
    this.#runtime ??= this.#open().catch((error: unknown) => {
      this.#runtime = undefined;
      throw error;
    });
    return this.#runtime;
  }

  async #work(
    work: PromptedWork,
    started_by: RunOrigin,
    client: AgentContext,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, runOptions } = await this.#opened();
    const updates = new RunUpdates();
    const prompt = { connection, client, signal };
    const finished = await followRun({
      connection,
      start: () => start(connection, work, { ...runOptions, started_by }),
      onEvent: (event) => this.#onEvent(event, updates, prompt),
      signal,
    });
    await this.#say(client, verdictOf(finished));
    if (finished.status === "Succeeded" && finished.changes.length > 0)
      await this.#offerChanges(finished.task_id, prompt);
  }

  #onEvent(event: RunEvent, updates: RunUpdates, prompt: PromptWork): Promise<unknown> | undefined {
    const asked = this.#askFor(event, prompt);
    if (asked !== undefined)
      // A cancelled run does not need the answer.
      return asked.catch((error: unknown) => {
        if (!prompt.signal.aborted) throw error;
      });
    const sent = updates.of(event).map((update) => this.#update(prompt.client, update));
    return sent.length === 0 ? undefined : Promise.all(sent);
  }

  /** Shows a question of the run to the user, and answers it. */
  #askFor(event: RunEvent, prompt: PromptWork): Promise<unknown> | undefined {
    const { connection } = prompt;
    if (event.type === "approval.needed") {
      const { task_id, stage, question } = event;
      const call = { toolCallId: `${task_id}-${stage}`, title: question };
      return this.#ask(prompt, call, "Continue", "Stop").then((approved) =>
        connection.call("runs/approve", { task_id, stage, approved }),
      );
    }
    if (event.type === "permission.needed")
      return this.#decide(prompt, event.permission).then((decision) => {
        const { permission_id } = event.permission;
        return unlessTooLate(connection.call("permissions/answer", { permission_id, decision }));
      });
    if (event.type === "question.needed")
      return this.#answerServer(prompt, event.question).then((answer) => {
        const { question_id } = event.question;
        return unlessTooLate(connection.call("questions/answer", { question_id, answer }));
      });
    return undefined;
  }

  /** Shows the changes as diffs, and writes them into the workspace if the user allows it. */
  async #offerChanges(taskId: string, prompt: PromptWork): Promise<void> {
    const { connection, client } = prompt;
    const { contents } = await connection.call("changes/get", { task_id: taskId, include_content: true });
    const toolCallId = `${taskId}-apply`;
    const call = { toolCallId, title: "Apply the changes to the workspace", kind: "edit" } as const;
    const content = contents.map((file) => this.#diffOf(file));
    await this.#update(client, { sessionUpdate: "tool_call", ...call, status: "pending", content });
    if (!(await this.#ask(prompt, call, "Apply", "Do not apply"))) {
      await this.#update(client, { sessionUpdate: "tool_call_update", toolCallId, status: "failed" });
      return;
    }
    const { files } = await connection.call("changes/apply", { task_id: taskId });
    await this.#update(client, { sessionUpdate: "tool_call_update", toolCallId, status: "completed" });
    await this.#say(client, files.map(({ path, result }) => `${path}: ${result}`).join("\n"));
  }

  #diffOf({ path, before, after }: MethodResult<"changes/get">["contents"][number]): ToolCallContent {
    const place = join(this.#workspace, path);
    if (before?.encoding === "base64" || after?.encoding === "base64")
      return { type: "content", content: { type: "text", text: `${path} is a binary file.` } };
    return { type: "diff", path: place, oldText: before?.data ?? null, newText: after?.data ?? "" };
  }

  /** The user's decision about a program or host that an agent asks for. */
  async #decide(prompt: PromptWork, request: PermissionRequest): Promise<PermissionDecision> {
    const { permission_id, command } = request;
    const { outcome } = await this.#request(prompt, {
      sessionId: this.#id,
      toolCall: {
        ...{ toolCallId: permission_id, title: permissionQuestion(request, l10n), kind: "execute" },
        content: [{ type: "content", content: { type: "text", text: command } }],
      },
      options: [
        { optionId: "allow_once", name: "Allow Once", kind: "allow_once" },
        { optionId: "allow_always", name: "Allow in This Workspace", kind: "allow_always" },
        { optionId: "deny", name: "Don't Allow", kind: "reject_once" },
      ],
    });
    const chosen = outcome.outcome === "selected" ? outcome.optionId : null;
    return PermissionDecision.catch("deny").parse(chosen);
  }

  /** Asks a question of a tool server. Declines if the editor cannot show it. */
  async #answerServer({ client, signal }: PromptWork, question: ServerQuestion): Promise<QuestionAnswer> {
    const session = { id: this.#id, can: this.#elicitation };
    const answer = await untilAborted(askInEditor(question, session, client), signal, cancelled);
    if (answer !== null) return answer;
    const asked = [questionTitle(question, l10n), question.message, question.url ?? ""].join(" ").trim();
    await this.#say(
      client,
      plainText(`${asked}\nYour editor cannot show such questions, so CODITECT declined this one.`),
    );
    return { action: "decline" };
  }

  async #ask(
    prompt: PromptWork,
    toolCall: { toolCallId: string; title: string },
    yes: string,
    no: string,
  ): Promise<boolean> {
    const request: RequestPermissionRequest = {
      sessionId: this.#id,
      toolCall,
      options: [
        { optionId: "yes", name: yes, kind: "allow_once" },
        { optionId: "no", name: no, kind: "reject_once" },
      ],
    };
    const { outcome } = await this.#request(prompt, request);
    return outcome.outcome === "selected" && outcome.optionId === "yes";
  }

  /** When the user cancels the prompt, an editor may leave the question open, so nothing waits for it. */
  #request(
    { client, signal }: PromptWork,
    request: RequestPermissionRequest,
  ): Promise<RequestPermissionResponse> {
    const answer = client.request(methods.client.session.requestPermission, request);
    return untilAborted(answer, signal, cancelled);
  }

  #say(client: AgentContext, text: string): Promise<void> {
    return this.#update(client, {
      sessionUpdate: "agent_message_chunk",
      content: { type: "text", text: `${text}\n` },
    });
  }

  #update(client: AgentContext, update: SessionUpdate): Promise<void> {
    return client.notify(methods.client.session.update, { sessionId: this.#id, update });
  }
}

const cancelled = (): Error => new Error("the prompt was cancelled");

const start = (
  connection: Connection,
  work: PromptedWork,
  options: Partial<RunOptions>,
): Promise<TeamRun> => {
  if (work.type === "resume") return connection.call("runs/resume", { task_id: work.taskId, options });
  const { team, file, task } = work;
  return connection.call("teams/execute", { team_id: team, task, file, data: null, options });
};

/** It is not an error if the question was answered elsewhere or nothing waits for the answer. */
const unlessTooLate = async (answering: Promise<unknown>): Promise<void> => {
  try {
    await answering;
  } catch (error) {
    if (!(error instanceof CoditectError) || error.code !== "not_found") throw error;
  }
};
