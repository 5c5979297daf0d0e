import { existsSync } from "node:fs";
import type { ClientCapabilities, Connection } from "vscode-languageserver/node";
import { EditorCommand } from "../../../schemas/editor.ts";
import { fail } from "../../../schemas/errors.ts";
import { createLocalizer, type Localizer } from "../../../schemas/localizer.ts";
import type { Caller } from "../../handlers/context.ts";
import type { Log } from "../../platform/log.ts";
import { createDocuments, type Documents } from "./documents.ts";
import { type FolderSession, openSession } from "./folder-session.ts";
import type { FolderRuntime } from "../../hosting/open-runtime.ts";
import { createFolders, type Folder, type Folders } from "./folders.ts";
import { readOptions, stateFolderOf, type ReadOptions } from "./options.ts";

/** An open folder and the path of a document in it. */
interface DocumentPlace {
  session: FolderSession;
  path: string;
}

/** What the language server knows of its editor: options, folders, documents, open runtimes. */
export interface LanguageState {
  connection: Connection;
  options: ReadOptions;
  /** The editor's language. */
  l10n: Localizer;
  capabilities: ClientCapabilities;
  folders: Folders;
  documents: Documents;
  caller(): Caller;
  /** Commands that can be offered: an editor that has none of ours leaves them to the language server. */
  commands(): ReadonlySet<EditorCommand>;
  /** Where a document is, if its folder's runtime is open. */
  placeOf(uri: string): DocumentPlace | null;
  /** The same, opening the runtime if need be. Errors: `outside_workspace`, and those of opening. */
  openPlaceOf(uri: string): Promise<DocumentPlace>;
  sessions(): readonly FolderSession[];
  /** Opens the runtimes of folders that have a state, here or on a team server, so that their findings show at once. */
  openKnown(): void;
  closeFolder(uri: string): Promise<void>;
  close(): Promise<void>;
}

export interface LanguageServerContext {
  connection: Connection;
  /** Opens the runtime of a folder; called when it is first needed. */
  open: (folder: Folder, stateFolder: string, options: ReadOptions) => Promise<FolderRuntime>;
  version: string;
  log: Log;
}

export const createLanguageState = ({ connection, open, log }: LanguageServerContext): LanguageState => {
  const sessions = new Map<string, FolderSession>();
  /** Runs that were active in processes that are gone, by folder, until another process has it. */
  const orphaned = new Map<string, ReadonlySet<string>>();

  const endSession = (uri: string): void => {
    sessions.get(uri)?.dispose();
    sessions.delete(uri);
  };

  const folders = createFolders({
    open: async (folder) => {
      if (!state.options.trusted) throw fail("untrusted_workspace", {});
      return open(folder, stateFolderOf(folder, state.options), state.options);
    },
    opened: (folder, runtime) => {
      const session = openSession(folder, runtime, state, log);
      sessions.set(folder.uri, session);
      session.tellInterrupted(orphaned.get(folder.uri) ?? new Set());
      orphaned.delete(folder.uri);
    },
    lost: ({ uri }) => {
      log("warn", "The process that served a folder has ended", { folder: uri });
      orphaned.set(uri, new Set(sessions.get(uri)?.unfinished));
      endSession(uri);
      state.openKnown();
    },
  });

  const placeOf = (uri: string): DocumentPlace | null => {
    const place = folders.locate(uri);
    const session = place === null ? undefined : sessions.get(place.folder.uri);
    return place === null || session === undefined ? null : { session, path: place.path };
  };

  const documents = createDocuments(connection, folders, (uri, edits) => {
    const place = placeOf(uri);
    for (const edit of edits) place?.session.findings.edit(place.path, edit);
  });

  const state: LanguageState = {
    connection,
    options: readOptions({}).options,
    l10n: createLocalizer({}),
    capabilities: {},
    folders,
    documents,
    caller: () => ({
      role: "admin",
      surface: state.options.commands.length > 0 ? "editor" : "lsp",
    }),
    commands: () =>
      new Set(state.options.commands.length > 0 ? state.options.commands : EditorCommand.options),
    placeOf,
    openPlaceOf: async (uri) => {
      const place = folders.locate(uri);
      if (place === null) throw fail("outside_workspace", { path: uri, workspace: "an open folder" });
      await folders.runtime(place.folder.uri);
      const opened = placeOf(uri);
      if (opened === null) throw fail("not_found", { kind: "open folder", id: place.folder.uri });
      return opened;
    },
    sessions: () => [...sessions.values()],
    openKnown: () => {
      if (!state.options.trusted) return;
      for (const folder of folders.all())
        if (state.options.server !== null || existsSync(stateFolderOf(folder, state.options)))
          folders.runtime(folder.uri).catch((error: unknown) => {
            log("warn", "The runtime of a folder did not open", { folder: folder.uri, error: String(error) });
          });
    },
    closeFolder: async (uri) => {
      endSession(uri);
      await folders.remove(uri);
    },
    close: async () => {
      for (const session of sessions.values()) session.dispose();
      sessions.clear();
      await folders.close();
    },
  };
  return state;
};
