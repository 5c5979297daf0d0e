import type { Method } from "../../../schemas/contract.ts";
import { isObject, withEditorView } from "./editor-view.ts";
import { registerContract } from "./rpc.ts";
import { registerFeatures } from "./features.ts";
import { registerLifecycle } from "./lifecycle.ts";
import { createLanguageState, type LanguageServerContext } from "./state.ts";

/** Methods that hand the workspace to agents. */
const seesDocuments: ReadonlySet<Method> = new Set(["teams/execute", "executions/start"]);

/**
 * The runtime as a language server on a connection, which it begins to listen to. `close` ends
 * every runtime it opened; `shutdown` of the protocol does the same.
 */
export const startLanguageServer = (context: LanguageServerContext): { close(): Promise<void> } => {
  const { connection, version, log } = context;
  const state = createLanguageState(context);
  registerLifecycle(state, version);
  registerFeatures(state, log);
  registerContract(connection, {
    dispatchOf: async (workspace) => (await state.folders.runtime(workspace)).dispatch,
    caller: () => state.caller(),
    complete: (method, params, workspace) => {
      const folder = state.folders.all().find(({ uri }) => workspace === null || uri === workspace);
      return seesDocuments.has(method) && isObject(params) && folder !== undefined
        ? withEditorView(state.documents, folder, params)
        : params;
    },
  });
  connection.listen();
  return { close: () => state.close() };
};
