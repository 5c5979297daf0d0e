import type { Method } from "../../../schemas/contract.ts";
import { registerContract } from "./rpc.ts";
import { registerFeatures } from "./features.ts";
import { registerLifecycle } from "./lifecycle.ts";
import { createLanguageState, type LanguageServerContext, type LanguageState } from "./state.ts";

/** Methods that hand the workspace to agents: what is open and unsaved goes with them. */
const seesDocuments: ReadonlySet<Method> = new Set(["teams/execute", "executions/start"]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Adds the unsaved documents of the folder, unless the caller sent some of its own. */
const withOverlays = async (
  { folders, documents }: LanguageState,
  params: Record<string, unknown>,
  workspace: string | null,
): Promise<Record<string, unknown>> => {
  const options = isObject(params.options) ? params.options : {};
  const folder = folders.all().find(({ uri }) => workspace === null || uri === workspace);
  if (folder === undefined || options.overlays !== undefined) return params;
  return { ...params, options: { ...options, overlays: await documents.overlays(folder) } };
};

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
    complete: (method, params, workspace) =>
      seesDocuments.has(method) && isObject(params) ? withOverlays(state, params, workspace) : params,
  });
  connection.listen();
  return { close: () => state.close() };
};
