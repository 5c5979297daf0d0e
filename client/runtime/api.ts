import type * as vscode from "vscode";
import type { CoditectError } from "../../schemas/errors.ts";
import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { TeamServer } from "../team-server.ts";

/** `unusable`: it cannot be started, or crashed too often. Only the user's restart tries again. */
export type RuntimeState =
  | { kind: "stopped" }
  | { kind: "starting" }
  /**
   * `server`: the address of the team server that runs use. Null: this machine. `isReached`: false while that
   * server does not answer and the runtime tries to connect again.
   */
  | { kind: "ready"; version: string; pid: number; server: string | null; isReached: boolean }
  | { kind: "unusable"; reason: string; code: CoditectError["code"] };

/** An event and its workspace folder (URI). */
export interface FolderEvent {
  folder: string;
  event: RuntimeEvent;
}

/**
 * Calls the runtime about a workspace folder (URI). Errors: those of the catalogue, and `runtime_unusable` if
 * it cannot be reached.
 */
export type Call = <M extends Method>(
  method: M,
  params: MethodInput<M>,
  folder: string,
  token?: vscode.CancellationToken,
) => Promise<MethodResult<M>>;

/** The runtime of this window: one process, in which each workspace folder has its own state. */
export interface RuntimeClient {
  readonly state: RuntimeState;
  readonly onState: vscode.Event<RuntimeState>;
  readonly onEvent: vscode.Event<FolderEvent>;
  /** Starts the runtime unless it is ready. Error: `runtime_unusable`. */
  start(): Promise<void>;
  /** Stops the runtime if it is running, and starts it again. */
  restart(): Promise<void>;
  /** Starts the runtime first if it is not running. */
  readonly call: Call;
  dispose(): void;
}

export interface RuntimeClientHooks {
  extension: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  /** Runs before the first call about a folder (URI): sends the keys. */
  onFolder: (call: Call, folder: string) => Promise<void>;
  teamServer: TeamServer;
}
