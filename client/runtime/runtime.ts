import * as vscode from "vscode";
import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { LanguageRuntime } from "./language-client.ts";

/** `unusable`: it cannot be started, or crashed too often; only the user's restart tries again. */
export type RuntimeState =
  | { kind: "stopped" }
  | { kind: "starting" }
  | { kind: "ready"; version: string; pid: number }
  | { kind: "unusable"; reason: string };

/** An event and the workspace folder (URI) it comes from. */
export interface FolderEvent {
  folder: string;
  event: RuntimeEvent;
}

/**
 * Asks the runtime about a workspace folder (URI). Errors: those of the catalogue;
 * `runtime_unusable` when it cannot be reached.
 */
export type Call = <M extends Method>(
  method: M,
  params: MethodInput<M>,
  folder: string,
  token?: vscode.CancellationToken,
) => Promise<MethodResult<M>>;

/** The runtime of this window: one process, in which each workspace folder has its own state. */
export interface Runtime {
  readonly state: RuntimeState;
  readonly onState: vscode.Event<RuntimeState>;
  readonly onEvent: vscode.Event<FolderEvent>;
  /** Starts it unless it is ready. Error: `runtime_unusable`. */
  start(): Promise<void>;
  /** Ends it if it runs, and starts it anew. */
  restart(): Promise<void>;
  /** Starts it first if need be. */
  readonly call: Call;
  dispose(): void;
}

export interface RuntimeHooks {
  extension: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  /** Runs before the first call about a folder (URI): hands over the keys. */
  onFolder: (call: Call, folder: string) => Promise<void>;
}

/** Nothing is loaded or started before the first `start` or `call`. */
export const createRuntime = (hooks: RuntimeHooks): Runtime => {
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
    // Loaded now and not with the extension: the protocol's and the schemas' code takes its time.
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

  const runtime: Runtime = {
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
