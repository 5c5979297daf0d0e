import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State,
  TransportKind,
  type LanguageClientOptions,
} from "vscode-languageclient/node";
import { EditorCommand, REACH, Reach, WorkspaceScope, type EditorOptions } from "../../schemas/editor.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { RuntimeEvent } from "../../schemas/events.ts";
import type { z } from "zod";
import { editorSettings, httpSettings, setting, touchesEditorSettings } from "../settings.ts";
import type { TeamServer, TeamServerSession } from "../team-server.ts";
import { pipeLog } from "./log.ts";
import { proxyEnvironment } from "./proxy-environment.ts";
import { showProgress, type ShownProgress } from "./progress.ts";
import { ModelLender } from "./model-lender.ts";
import { request } from "./request.ts";
import { keepSecrets } from "./secret-keeper.ts";
import { lendTools } from "./tool-lender.ts";
import type { Call, FolderEvent, RuntimeState } from "./api.ts";

const MAX_CRASHES = 4;
const CRASH_WINDOW_MS = 3 * 60 * 1000;

export interface LanguageClientHooks {
  extension: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  setState: (state: RuntimeState) => void;
  tell: (event: FolderEvent) => void;
  /** Runs before the first call about a folder: sends the keys. */
  onFolder: (call: Call, folder: string) => Promise<void>;
  teamServer: TeamServer;
}

/** The runtime's process and the connection to it. */
export interface LanguageRuntime {
  /** Resolves when it answers. After a crash, resolves when it answers again. Error: `runtime_unusable`. */
  ready(): Promise<void>;
  readonly call: Call;
  stop(): Promise<void>;
}

/** A promise that may be rejected while nothing waits for it. */
const createGate = () => {
  const gate = Promise.withResolvers<undefined>();
  gate.promise.catch(() => undefined);
  return gate;
};

/** Starts `dist/server.js` with the editor's own Node, and restarts it after a crash. */
export const startLanguageClient = async (hooks: LanguageClientHooks): Promise<LanguageRuntime> => {
  let gate = createGate();
  let wasReady = false;
  let unusable: CoditectError | null = null;

  const server = await hooks.teamServer.session();
  const giveUp = (reason: string, error = fail("runtime_unusable", { reason })): CoditectError => {
    unusable = error;
    hooks.setState({ kind: "unusable", reason, code: error.code });
    gate.reject(unusable);
    return unusable;
  };
  const crashes: number[] = [];
  const progress = showProgress((token) => {
    void client.sendNotification("window/workDoneProgress/cancel", { token });
  });
  const afterCrash = (): CloseAction => {
    progress.endAll();
    crashes.push(Date.now());
    const recent = crashes.filter((at) => at > Date.now() - CRASH_WINDOW_MS).length;
    if (recent <= MAX_CRASHES) return CloseAction.Restart;
    giveUp(vscode.l10n.t("it ended {0} times within three minutes", recent));
    return CloseAction.DoNotRestart;
  };

  const module = hooks.extension.asAbsolutePath("dist/server.js");
  const client = new LanguageClient(
    "coditect",
    "CODITECT",
    { module, transport: TransportKind.stdio, options: { env: proxyEnvironment(httpSettings()) } },
    clientOptions(hooks, server, afterCrash, progress.show),
  );
  client.onNotification("coditect/event", (message: unknown) => {
    const event = readEvent(message);
    if (event === null) hooks.log.warn("An event of the runtime could not be read", message);
    else hooks.tell(event);
  });

  /** Folders whose team server does not answer. */
  const away = new Set<string>();
  let ready: { version: string; pid: number } | null = null;
  const tellReady = (): void => {
    if (ready !== null)
      hooks.setState({ kind: "ready", ...ready, server: server?.url ?? null, isReached: away.size === 0 });
  };
  client.onNotification(REACH, (message: unknown) => {
    const { workspace, is_reached } = Reach.parse(message);
    if (is_reached) away.delete(workspace);
    else away.add(workspace);
    tellReady();
  });

  const lender = new ModelLender(hooks.extension, client);

  const introduced = new Map<string, Promise<void>>();
  const introduce = (folder: string): Promise<void> => {
    const known = introduced.get(folder) ?? hooks.onFolder((...call) => request(client, ...call), folder);
    introduced.set(folder, known);
    known.catch(() => introduced.delete(folder));
    return known;
  };
  const announce = async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? "";
    const { version, pid } = await request(client, "runtime/status", {}, folder);
    ready = { version, pid };
    tellReady();
    wasReady = true;
    gate.resolve(undefined);
  };
  const onState = (state: State) => {
    if (state === State.Running) {
      announce().catch((error: unknown) => {
        // If it crashed again meanwhile, the next start reports it.
        if (client.isRunning()) giveUp(reasonOf(error), ofServer(error));
      });
    } else if (wasReady && unusable === null) {
      gate = createGate();
      introduced.clear();
      away.clear();
      ready = null;
      hooks.setState({ kind: "starting" });
    }
  };

  const sendSettings = (): void => {
    if (!client.isRunning()) return;
    const settings = { coditect: editorSettings() };
    void client.sendNotification("workspace/didChangeConfiguration", { settings });
  };
  const subscriptions = [
    lender,
    lendTools(client),
    keepSecrets(client, hooks.extension.secrets),
    client.onDidChangeState(({ newState }) => {
      onState(newState);
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (touchesEditorSettings(change)) sendSettings();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(sendSettings),
  ];
  await client.start().catch((error: unknown) => {
    throw giveUp(reasonOf(error));
  });

  return {
    ready: async () => {
      await gate.promise;
    },
    call: async (method, params, folder, token) => {
      await gate.promise;
      await introduce(folder);
      lender.noteCall(method);
      return request(client, method, params, folder, token);
    },
    stop: async () => {
      for (const subscription of subscriptions) subscription.dispose();
      await client.dispose();
      progress.endAll();
    },
  };
};

/** Errors of the team server are shown unchanged; all others are reported as errors of the runtime. */
const ofServer = (error: unknown): CoditectError | undefined =>
  error instanceof CoditectError && ["server_unreachable", "token_refused"].includes(error.code)
    ? error
    : undefined;

const clientOptions = (
  { extension, log }: LanguageClientHooks,
  server: TeamServerSession | null,
  afterCrash: () => CloseAction,
  show: ShownProgress["show"],
): LanguageClientOptions => {
  const options: z.input<typeof EditorOptions> = {
    state_folder: setting("state.location") === "editor" ? (extension.storageUri?.fsPath ?? null) : null,
    trusted: vscode.workspace.isTrusted,
    commands: [...EditorCommand.options],
    has_schemas: true,
    lends_models: true,
    lends_tools: true,
    keeps_secrets: true,
    texts: vscode.l10n.bundle ?? {},
    settings: editorSettings(),
    server,
  };
  return {
    documentSelector: [{ scheme: "file" }],
    diagnosticCollectionName: "coditect",
    initializationOptions: options,
    outputChannel: log,
    traceOutputChannel: vscode.window.createOutputChannel("CODITECT Trace", { log: true }),
    stdioOptions: {
      stdout: (stream) => {
        pipeLog(stream, log);
      },
      stderr: (stream) => {
        pipeLog(stream, log);
      },
    },
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: afterCrash(), handled: true }),
    },
    middleware: { handleWorkDoneProgress: show },
  };
};

const readEvent = (message: unknown): FolderEvent | null => {
  const scope = WorkspaceScope.safeParse(message);
  if (!scope.success) return null;
  const { workspace, ...fields } = scope.data;
  const event = RuntimeEvent.safeParse(fields);
  const folder = workspace ?? vscode.workspace.workspaceFolders?.[0]?.uri.toString();
  return event.success && folder !== undefined ? { folder, event: event.data } : null;
};

/** The cause of the failure, without the text of CODITECT's own error around it. */
const reasonOf = (error: unknown): string => {
  if (error instanceof CoditectError && error.code === "runtime_unusable") return String(error.data.reason);
  return error instanceof Error ? error.message : String(error);
};
