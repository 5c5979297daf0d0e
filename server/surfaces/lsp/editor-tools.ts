import type { Connection } from "vscode-languageserver";
import { lendingTools, LentToolResult, LentTools } from "../../../schemas/lent-tools.ts";
import type { EditorTools } from "../../tools/editor-tools.ts";
import { askEditorOver } from "./ask-editor.ts";

/** The tools that the editor at the other end of a connection lends. */
export const editorToolsOver = (connection: Connection): EditorTools => {
  const ask = askEditorOver(connection);
  return {
    list: async (signal) => (await ask([lendingTools.list, {}], LentTools, signal)).tools,
    call: (call, signal) => ask([lendingTools.call, call], LentToolResult, signal),
  };
};
