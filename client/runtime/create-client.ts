import * as vscode from "vscode";
import type { FolderEvent, RuntimeClient, RuntimeClientHooks, RuntimeState } from "./api.ts";
import type { LanguageRuntime } from "./language-client.ts";

/** Nothing is loaded or started before the first `start` or `call`. */
export const createRuntimeClient = (hooks: RuntimeClientHooks): RuntimeClient => {
  const stateChanged = new vscode.EventEmitter<RuntimeState>();
  const happened = new vscode.EventEmitter<FolderEvent>();
  let state: RuntimeState = { kind: "stopped" };
  let connection: Promise<LanguageRuntime> | null = null;

  const setState = (next: RuntimeState) => {
    state = next;
    stateChanged.fire(next);
  };

  const connect = async (): Promise<LanguageRuntime> => {
    setState({ kind: "starting" });
    // Loaded now and not at activation, because loading the protocol's and the schemas' code takes time.
    const { startLanguageClient } = await import("./language-client.ts");
    return startLanguageClient({
      ...hooks,
      setState,
      tell: (event) => {
        happened.fire(event);
      },
    });
  };

  const connected = async (): Promise<LanguageRuntime> => {
    if (!vscode.workspace.isTrusted) {
      const { fail } = await import("../../schemas/errors.ts");
      throw fail("untrusted_workspace", {});
    }
    connection ??= connect().catch((error: unknown) => {
      connection = null;
      throw error;
    });
    return connection;
  };

  const stop = async () => {
    const open = connection;
    connection = null;
    await open?.then(
      (language) => language.stop(),
      () => undefined,
    );
    setState({ kind: "stopped" });
  };

  const runtime: RuntimeClient = {
    get state() {
      return state;
    },
    onState: stateChanged.event,
    onEvent: happened.event,
    start: async () => {
      await (await connected()).ready();
    },
    restart: async () => {
      await stop();
      await (await connected()).ready();
    },
    call: async (method, params, folder, token) => (await connected()).call(method, params, folder, token),
    dispose: () => {
      void stop();
      stateChanged.dispose();
      happened.dispose();
    },
  };
  return runtime;
};
