import * as vscode from "vscode";
import type { LentMessage, LentPart, LentRequest } from "../../schemas/lent-models.ts";

/** Messages in the form of VS Code's language models. */
export const chatMessages = (messages: readonly LentMessage[]): vscode.LanguageModelChatMessage[] =>
  messages.map((message) =>
    message.role === "assistant"
      ? vscode.LanguageModelChatMessage.Assistant(
          message.content.map((part) =>
            part.type === "text"
              ? new vscode.LanguageModelTextPart(part.text)
              : new vscode.LanguageModelToolCallPart(part.call_id, part.tool, part.arguments),
          ),
        )
      : vscode.LanguageModelChatMessage.User(
          message.content.map((part) =>
            part.type === "text"
              ? new vscode.LanguageModelTextPart(part.text)
              : new vscode.LanguageModelToolResultPart(part.call_id, [
                  new vscode.LanguageModelTextPart(part.content),
                ]),
          ),
        ),
  );

export const chatTools = (tools: LentRequest["tools"]): vscode.LanguageModelChatTool[] =>
  tools.map(({ name, description, schema }) => ({
    name,
    description,
    inputSchema: typeof schema === "object" && schema !== null ? schema : undefined,
  }));

/** All parts of a request that use tokens, for the model's counter. */
export const countedText = ({ messages, tools }: Pick<LentRequest, "messages" | "tools">): string =>
  [
    ...messages.flatMap(({ content }) =>
      content.map((part) => {
        if (part.type === "text") return part.text;
        return part.type === "tool_result" ? part.content : `${part.tool} ${JSON.stringify(part.arguments)}`;
      }),
    ),
    ...tools.map((tool) => JSON.stringify(tool)),
  ].join("\n");

/** A part of an answer. Null: agents do not use this kind of part. */
export const readPart = (part: unknown): LentPart | null => {
  if (part instanceof vscode.LanguageModelTextPart) return { type: "text", text: part.value };
  if (!(part instanceof vscode.LanguageModelToolCallPart)) return null;
  return { type: "tool_call", call_id: part.callId, tool: part.name, arguments: part.input };
};
