import type { ClientCapabilities, Connection, Diagnostic } from "vscode-languageserver/node";
import type { Localizer } from "../../../schemas/localizer.ts";
import { isShown, toDiagnostic } from "./diagnostics.ts";
import type { Documents } from "./documents.ts";
import { createFindingTracker, type FindingTracker } from "./findings.ts";
import type { Folder } from "./folders.ts";
import { showDiagnostics } from "./messages.ts";
import type { ReadOptions } from "./options.ts";
import { createWatching } from "./watching.ts";

/** The parts of the server that a view needs. `options` changes with the settings. */
export interface ViewContext {
  connection: Connection;
  documents: Documents;
  readonly options: ReadOptions;
  readonly l10n: Localizer;
  readonly capabilities: ClientCapabilities;
}

/** Shows the findings of a folder as diagnostics at their text. */
export interface FindingView {
  findings: FindingTracker;
  /**
   * Finds the file's findings in its current text and shows those that occur. It does not search thoroughly,
   * so it is fast enough while the user types.
   */
  look(path: string, isThorough: boolean): Promise<void>;
  /** Removes all diagnostics. */
  dispose(): void;
}

export const createFindingView = (folder: Folder, context: ViewContext): FindingView => {
  const { connection, documents } = context;
  const findings = createFindingTracker();
  const files = context.capabilities.workspace?.didChangeWatchedFiles;
  const canWatch = files?.dynamicRegistration === true && files.relativePatternSupport === true;
  const watching = canWatch ? createWatching(connection, folder) : null;
  /** Files whose diagnostics are not empty. */
  const shown = new Set<string>();

  const diagnosticsOf = (path: string, uri: string, text: string): Diagnostic[] => {
    const settings = context.options.settings.valuesIn(folder.uri);
    const file = { uri, text, lines: text.split(/\r?\n/) };
    return findings
      .of(path)
      .filter(({ finding }) => isShown(finding, settings))
      .map((placed) => toDiagnostic(placed, file, context.l10n))
      .filter((diagnostic) => diagnostic !== null);
  };

  const publish = (path: string, text: string | null): void => {
    const uri = documents.uri(folder, path);
    const version = documents.get(uri)?.version;
    const diagnostics = text === null ? [] : diagnosticsOf(path, uri, text);
    if (diagnostics.length > 0) shown.add(path);
    else shown.delete(path);
    showDiagnostics(connection, { uri, diagnostics, ...(version !== undefined && { version }) });
    watching?.watch(findings.paths());
  };

  return {
    findings,
    look: async (path, isThorough) => {
      // Most opened and edited files have no findings.
      if (findings.of(path).length === 0 && !shown.has(path)) return;
      const text = await documents.text(folder, path);
      findings.settle(path, text ?? "", isThorough);
      publish(path, text);
    },
    dispose: () => {
      watching?.stop();
      for (const path of shown)
        showDiagnostics(connection, { uri: documents.uri(folder, path), diagnostics: [] });
    },
  };
};
