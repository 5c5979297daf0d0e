import {
  CodeActionKind,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { createLocalizer } from "../../../schemas/localizer.ts";
import { toResponseError } from "./rpc.ts";
import { serverCommands } from "./commands.ts";
import { warn } from "./messages.ts";
import { ChangedConfiguration, readOptions, readSettings } from "./options.ts";
import type { LanguageState } from "./state.ts";

const foldersOf = (params: InitializeParams): string[] => {
  if (params.workspaceFolders) return params.workspaceFolders.map(({ uri }) => uri);
  // Deprecated, but editors without several folders send only this.
  const { rootUri } = params; // eslint-disable-line @typescript-eslint/no-deprecated
  return rootUri === null ? [] : [rootUri];
};

const warnOf = ({ connection, l10n }: LanguageState, problems: string | null): void => {
  if (problems !== null) warn(connection, l10n.t("CODITECT settings: {0}", problems));
};

const initialize = (state: LanguageState, params: InitializeParams, version: string): InitializeResult => {
  const { options, problems } = readOptions(params.initializationOptions);
  state.options = options;
  state.l10n = createLocalizer(options.texts);
  warnOf(state, problems);
  state.capabilities = params.capabilities;
  for (const uri of foldersOf(params)) state.folders.add(uri);
  return {
    serverInfo: { name: "coditect", version },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      codeLensProvider: { resolveProvider: false },
      hoverProvider: true,
      ...(options.commands.length === 0 && { executeCommandProvider: { commands: [...serverCommands] } }),
      workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    },
  };
};

const followFolders = (state: LanguageState): void => {
  state.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
    for (const { uri } of added) state.folders.add(uri);
    for (const { uri } of removed) void state.closeFolder(uri);
    state.openKnown();
  });
};

const changeSettings = (state: LanguageState, sent: unknown): void => {
  const changed = ChangedConfiguration.safeParse(sent);
  if (!changed.success) return;
  const { settings, problems } = readSettings(changed.data.coditect);
  warnOf(state, problems);
  // If the new settings are not valid, the previous ones stay.
  if (problems !== null) return;
  state.options = { ...state.options, settings };
  for (const session of state.sessions()) {
    session.runtime.configure?.(settings.chosen, settings.asked(session.folder.uri));
    void session.refreshAll();
  }
  if (state.capabilities.workspace?.codeLens?.refreshSupport === true)
    state.connection.sendRequest("workspace/codeLens/refresh").catch(() => undefined);
};

/** From `initialize` to `shutdown`: options, folders and settings of the editor. */
export const registerLifecycle = (state: LanguageState, version: string): void => {
  const { connection } = state;
  connection.onInitialize((params) => {
    try {
      return initialize(state, params, version);
    } catch (error) {
      // The protocol allows a handler to answer with an error, but its type does not.
      return toResponseError(error) as never;
    }
  });
  connection.onInitialized(() => {
    if (state.capabilities.workspace?.workspaceFolders === true) followFolders(state);
    state.openKnown();
  });
  connection.onDidChangeConfiguration(({ settings }) => {
    changeSettings(state, settings);
  });
  connection.onShutdown(() => state.close());
};
