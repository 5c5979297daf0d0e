import type { AgentConfig } from "../../schemas/agent.ts";
import type { Exposure } from "../../schemas/execution.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { QuestionAnswer, QuestionContent } from "../../schemas/questions.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import type { TakeFrames } from "../../schemas/video-frames.ts";
import type { Consents } from "../platform/consents.ts";
import type { Log } from "../platform/log.ts";
import type { Objects } from "../store/store.ts";
import type { EditorTools } from "./editor-tools.ts";
import type { SecretPlaces } from "./secrets.ts";
import type { SandboxOptions } from "./server-sandbox.ts";

/** What a tool gives back. An error's text tells the agent what to do instead. */
export interface ToolAnswer {
  content: string;
  is_error: boolean;
}

/** Asks the user what a server wants to know; resolves at the latest when the signal aborts. */
export type AskUser = (
  server: string,
  content: QuestionContent,
  signal: AbortSignal,
) => Promise<QuestionAnswer>;

export interface ToolRequest {
  /** As it was offered to the execution. */
  definition: ToolDefinition;
  agent: AgentConfig;
  input: Json;
  /** Null: nobody can be asked. */
  ask: AskUser | null;
  signal: AbortSignal;
}

/** The tools that leave an instance. Documents: "Tool Integration". */
export interface Tools {
  /**
   * What an agent is offered in addition to the tools of its instance. `only`: the names that its stage lists;
   * null: all.
   */
  offers(agent: AgentConfig, only: readonly string[] | null): Promise<ToolDefinition[]>;
  /** Runs a tool. What the agent can correct is an answer; only `cancelled` is thrown. */
  call(request: ToolRequest): Promise<ToolAnswer>;
  /**
   * Refuses an agent that the user has to allow first. Errors: `exposure_unconfirmed`,
   * `mcp_files_unconfirmed`, `mcp_tools_unconfirmed`, `invalid_file`.
   */
  admit(agent: AgentConfig): void;
  /** For videos in the workspace. */
  frames: TakeFrames;
  /** What an execution has met that has called the tools of these names. */
  exposure(agent: AgentConfig, called: readonly string[]): Exposure;
  close(): Promise<void>;
}

export interface ToolsParts extends SandboxOptions, SecretPlaces {
  settings: Pick<Settings, "allowed_hosts" | "mcp_files" | "untrusted">;
  consents: Pick<Consents, "has" | "list">;
  objects: Pick<Objects, "put" | "get">;
  /** The editor that lends its tools; null or left out: there is none. */
  editor?: EditorTools | null;
  version: string;
  /** How long an MCP server may take to start, where it is not the usual time. */
  startMilliseconds?: number;
  log: Log;
}
