import type { ClientCapabilities, Connection, Diagnostic } from "vscode-languageserver/node";
import type { EditorOptions } from "../../schemas/editor.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Caller } from "../handlers/context.ts";
import type { Log } from "../log.ts";
import { toDiagnostic } from "./diagnostics.ts";
import type { Documents } from "./documents.ts";
import { createFindingTracker, type FindingTracker } from "./findings.ts";
import type { Folder, FolderRuntime } from "./folders.ts";
import { createRunProgress } from "./progress.ts";
import { forwardEvents } from "../rpc.ts";
import { createWatching } from "./watching.ts";

/** What the language server keeps of a folder whose runtime is open. */
export interface FolderSession {
  folder: Folder;
  runtime: FolderRuntime;
  findings: FindingTracker;
  /** Looks for the file's findings in its present text and shows those that are there. */
  refresh(path: string): Promise<void>;
  /** The same while somebody types: quick, for findings whose text was seen before. */
  typed(path: string): Promise<void>;
  /** The same after a save; findings whose text was there and is gone are resolved. */
  saved(path: string): Promise<void>;
  /** Shows everything again, as after a change of the settings. */
  refreshAll(): Promise<void>;
  /** Takes all diagnostics of the folder back. */
  dispose(): void;
}

/** What a session needs of the server around it; `options` changes when the settings do. */
export interface SessionContext {
  connection: Connection;
  documents: Documents;
  readonly options: EditorOptions;
  readonly capabilities: ClientCapabilities;
  caller: () => Caller;
}

const PAGE = 500;
const never = new AbortController().signal;

export const openSession = (
  folder: Folder,
  runtime: FolderRuntime,
  context: SessionContext,
  log: Log,
): FolderSession => {
  const { connection, documents, caller } = context;
  const findings = createFindingTracker();
  const files = context.capabilities.workspace?.didChangeWatchedFiles;
  const canWatch = files?.dynamicRegistration === true && files.relativePatternSupport === true;
  const watching = canWatch ? createWatching(connection, folder) : null;

  /** Files whose diagnostics are not empty. */
  const shown = new Set<string>();

  const publish = (path: string, text: string | null): void => {
    const uri = documents.uri(folder, path);
    const version = documents.get(uri)?.version;
    const file = text === null ? null : { uri, text, lines: text.split(/\r?\n/) };
    const diagnostics = findings
      .of(path)
      .filter(({ finding }) => finding.confidence >= context.options.settings.runtime.min_confidence)
      .map((placed) => (file === null ? null : toDiagnostic(placed, file)))
      .filter((diagnostic): diagnostic is Diagnostic => diagnostic !== null);
    if (diagnostics.length > 0) shown.add(path);
    else shown.delete(path);
    void connection.sendDiagnostics({ uri, diagnostics, ...(version !== undefined && { version }) });
    watching?.watch(findings.paths());
  };

  const look = async (path: string, isThorough: boolean): Promise<void> => {
    // Nothing is known of most files that are opened and edited.
    if (findings.of(path).length === 0 && !shown.has(path)) return;
    const text = await documents.text(folder, path);
    findings.settle(path, text ?? "", isThorough);
    publish(path, text);
  };
  const refresh = (path: string): Promise<void> => look(path, true);

  /** Its text was here and is not any more: it was fixed as suggested, or it speaks of nothing. */
  const resolveGone = async (path: string): Promise<void> => {
    if (caller().role === "viewer") return;
    const text = (await documents.text(folder, path)) ?? "";
    for (const { finding, line, subject } of findings.of(path)) {
      if (line !== null || subject === null) continue;
      const isFixed =
        finding.fix !== null && finding.fix.new_text !== "" && text.includes(finding.fix.new_text);
      const params = { finding_id: finding.finding_id, status: isFixed ? "Fixed" : "Outdated" } as const;
      await runtime.dispatch("findings/resolve", params, caller(), never);
    }
  };

  const saved = async (path: string): Promise<void> => {
    await refresh(path);
    await resolveGone(path);
  };

  const load = async (): Promise<void> => {
    let cursor: string | null = null;
    do {
      const request: { status: "Open"; limit: number; cursor: string | null } = {
        status: "Open",
        limit: PAGE,
        cursor,
      };
      const page = await runtime.dispatch("findings/list", request, caller(), never);
      for (const finding of page.items) findings.put(finding);
      cursor = page.next_cursor;
    } while (cursor !== null);
    await refreshAll();
  };

  const refreshAll = async (): Promise<void> => {
    for (const path of findings.paths()) await refresh(path);
  };

  const failed = (what: string) => (error: unknown) => {
    log("warn", `${what} failed`, { error: String(error) });
  };

  const cancelRun = (task_id: string): void => {
    runtime.dispatch("runs/cancel", { task_id }, caller(), never).catch(failed("Cancelling a run"));
  };

  const follow = (event: RuntimeEvent): void => {
    if (event.type === "finding.reported" || event.type === "finding.changed")
      refresh(findings.put(event.finding)).catch(failed("Showing a finding"));
    else if (event.type === "changes.changed")
      for (const { path, old_path } of event.files)
        for (const changed of [path, ...(old_path === null ? [] : [old_path])])
          if (findings.of(changed).length > 0) saved(changed).catch(failed("Looking for findings"));
  };

  const stops = [
    forwardEvents(connection, folder.uri, (listener) => runtime.subscribe(listener)),
    runtime.subscribe(createRunProgress(connection, cancelRun)),
    runtime.subscribe(follow),
  ];
  load().catch(failed("Reading the stored findings"));

  return {
    folder,
    runtime,
    findings,
    refresh,
    typed: (path) => look(path, false),
    saved,
    refreshAll,
    dispose() {
      for (const stop of stops) stop();
      watching?.stop();
      for (const path of findings.paths())
        void connection.sendDiagnostics({ uri: documents.uri(folder, path), diagnostics: [] });
    },
  };
};
