import { LESSONS_FILE } from "../../feedback/lessons-file.ts";
import { signalOf, toResponseError } from "./rpc.ts";
import type { Log } from "../../platform/log.ts";
import { codeActions } from "./code-actions.ts";
import { codeLenses } from "./code-lenses.ts";
import { configurationDiagnostics } from "./configuration-files.ts";
import { executeCommand } from "./commands.ts";
import { lessonLenses } from "./lesson-lenses.ts";
import { hover } from "./hover.ts";
import { showDiagnostics } from "./messages.ts";
import type { LanguageState } from "./state.ts";

/** Moves findings with their text while documents change. */
const followDocuments = (state: LanguageState, log: Log): void => {
  const { documents } = state;
  const show = (how: "refresh" | "typed" | "saved") => (uri: string) => {
    const place = state.placeOf(uri);
    place?.session[how](place.path).catch((error: unknown) => {
      log("warn", "Showing findings failed", { error: String(error) });
    });
  };
  documents.onOpened(show("refresh"));
  documents.onChanged(show("typed"));
  documents.onClosed(show("refresh"));
  documents.onSaved(show("saved"));
};

/** Updates findings in files that other programs changed. A save decides whether they are resolved. */
const followDisk = (state: LanguageState, log: Log): void => {
  state.connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const { uri } of changes) {
      const place = state.placeOf(uri);
      if (place === null || place.session.findings.of(place.path).length === 0) continue;
      place.session.refresh(place.path).catch((error: unknown) => {
        log("warn", "Showing findings failed", { error: String(error) });
      });
    }
  });
};

/** Checks agent and team files while the user types. This needs no runtime. */
const checkConfiguration = (state: LanguageState): void => {
  const { connection, documents, folders } = state;
  const publish = (uri: string, text: string): void => {
    const path = folders.locate(uri)?.path;
    const diagnostics =
      path === undefined ? null : configurationDiagnostics(path, text, state.options.has_schemas);
    if (diagnostics !== null) showDiagnostics(connection, { uri, diagnostics });
  };
  documents.onChanged((uri) => {
    publish(uri, documents.get(uri)?.getText() ?? "");
  });
  // An empty text has no problems, so the marks of a closed file disappear.
  documents.onClosed((uri) => {
    publish(uri, "");
  });
};

const canPreview = ({ capabilities: { workspace } }: LanguageState): boolean =>
  workspace?.workspaceEdit?.documentChanges === true &&
  workspace.workspaceEdit.changeAnnotationSupport !== undefined;

/** Diagnostics, code actions, hovers, code lenses and commands. */
export const registerFeatures = (state: LanguageState, log: Log): void => {
  const { connection, documents } = state;
  followDocuments(state, log);
  followDisk(state, log);
  checkConfiguration(state);

  connection.onCodeAction((params) => {
    const place = state.placeOf(params.textDocument.uri);
    const { l10n } = state;
    const context = { documents, canPreview: canPreview(state), commands: state.commands(), l10n };
    return place === null ? [] : codeActions(place.session, params, context);
  });

  connection.onHover(({ textDocument, position }) => {
    const place = state.placeOf(textDocument.uri);
    const text = documents.get(textDocument.uri)?.getText();
    if (place === null || text === undefined) return null;
    const settings = state.options.settings.valuesIn(place.session.folder.uri);
    return hover(place.session, place.path, text, position, settings, state.l10n);
  });

  connection.onCodeLens(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    const { trusted, settings } = state.options;
    const place = document === undefined ? null : state.folders.locate(document.uri);
    if (document === undefined || place === null || !trusted) return [];
    const { l10n } = state;
    if (place.path === LESSONS_FILE)
      return lessonLenses({ uri: document.uri, text: document.getText() }, state.commands(), l10n);
    return settings.code_lens ? codeLenses(document, state.commands(), l10n) : [];
  });

  connection.onExecuteCommand(async ({ command, arguments: given = [] }, token) => {
    const { signal, release } = signalOf(token);
    try {
      return await executeCommand(state, command, given[0], signal);
    } catch (error) {
      return toResponseError(error);
    } finally {
      release();
    }
  });
};
