import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { lendingTools, LentTool, LentToolCall, type LentToolResult } from "../../schemas/lent-tools.ts";

/** CODITECT's own teams, as tools of the editor and through its MCP server. Agents cannot start runs. */
const ours = /^(mcp_)?coditect/i;

const describe = ({ name, description, inputSchema }: vscode.LanguageModelToolInformation): LentTool[] => {
  const read = LentTool.safeParse({ name, description, schema: inputSchema ?? { type: "object" } });
  return read.success && !ours.test(name) ? [read.data] : [];
};

/** The parts of a result that a model can read as text. */
const textOf = (part: unknown): string => {
  if (part instanceof vscode.LanguageModelTextPart) return part.value;
  if (part instanceof vscode.LanguageModelPromptTsxPart) return JSON.stringify(part.value);
  return `[${vscode.l10n.t("a part that is not text")}]`;
};

/** VS Code asks the user for confirmation if the tool requires it. */
const callTool = async (
  { name, input }: LentToolCall,
  token: vscode.CancellationToken,
): Promise<LentToolResult> => {
  try {
    const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
    return { content: content.map(textOf).join("\n"), is_error: false };
  } catch (error) {
    return { content: error instanceof Error ? error.message : String(error), is_error: true };
  }
};

/** Lends the runtime the tools of VS Code: those of its MCP servers and of other extensions. */
export const lendTools = (client: LanguageClient): vscode.Disposable =>
  vscode.Disposable.from(
    client.onRequest(lendingTools.list, () => ({ tools: vscode.lm.tools.flatMap(describe) })),
    client.onRequest(lendingTools.call, (call: unknown, token: vscode.CancellationToken) =>
      callTool(LentToolCall.parse(call), token),
    ),
  );
