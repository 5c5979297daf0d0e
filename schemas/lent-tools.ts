import { z } from "zod";
import { Json } from "./primitives.ts";

/**
 * How the language server asks the editor for its tools: those of its own MCP servers and of other extensions.
 * Requests in addition to the contract, which only an editor with `lends_tools` gets.
 */
export const lendingTools = {
  /** Request to the editor, without params; the result is {@link LentTools}. */
  list: "coditect/editor/tools",
  /** Request to the editor: {@link LentToolCall} to {@link LentToolResult}. The editor may ask the user first. */
  call: "coditect/editor/callTool",
} as const;

/** A tool of VS Code, as `vscode.lm.tools` describes it. */
export const LentTool = z.object({ name: z.string(), description: z.string(), schema: Json });
export type LentTool = z.infer<typeof LentTool>;
export const LentTools = z.object({ tools: z.array(LentTool) });

export const LentToolCall = z.object({ name: z.string(), input: z.record(z.string(), Json) });
export type LentToolCall = z.infer<typeof LentToolCall>;

/** What the tool said, or why it did not run. */
export const LentToolResult = z.object({ content: z.string(), is_error: z.boolean() });
export type LentToolResult = z.infer<typeof LentToolResult>;
