import type { AgentConfig } from "../../schemas/agent.ts";
import type { LentTool, LentToolCall, LentToolResult } from "../../schemas/lent-tools.ts";
import { EDITOR_SERVICE } from "../../schemas/tool-definition.ts";
import { offeredName, offeredPrefix } from "./offered-name.ts";

/** The tools of the editor, which it lends to the runtime over its own connection. */
export interface EditorTools {
  /** Errors: the editor is gone, or sent what nobody can read. */
  list(signal: AbortSignal): Promise<readonly LentTool[]>;
  /** Calls a tool; the editor may ask the user first. Errors: as for `list`. */
  call(call: LentToolCall, signal: AbortSignal): Promise<LentToolResult>;
}

/** What an agent calls a tool of the editor. */
export const editorToolName = (tool: string): string => offeredName(EDITOR_SERVICE, tool);

/** The editor's tools that an agent lists: it is offered no others. */
export const editorToolsOf = ({ settings: { tools } }: Pick<AgentConfig, "settings">): string[] =>
  (tools ?? []).filter((name) => name.startsWith(offeredPrefix(EDITOR_SERVICE)));
