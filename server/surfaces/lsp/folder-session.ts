import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { Caller } from "../../handlers/context.ts";
import type { Log } from "../../platform/log.ts";
import { followReach, sendEvent } from "./rpc.ts";
import { createFindingView, type FindingView, type ViewContext } from "./finding-view.ts";
import type { FindingTracker } from "./findings.ts";
import type { FolderRuntime } from "../../hosting/open-runtime.ts";
import type { Folder } from "./folders.ts";
import { createRunProgress } from "./progress.ts";

/** The language server's data about a folder whose runtime is open. */
export interface FolderSession {
  folder: Folder;
  runtime: FolderRuntime;
  findings: FindingTracker;
  /** Finds the file's findings in its current text and shows those that occur. */
  refresh(path: string): Promise<void>;
  /** The same while the user types. Fast, for findings whose text was seen before. */
  typed(path: string): Promise<void>;
  /** The same after a save. Resolves findings whose text occurred before and no longer does. */
  saved(path: string): Promise<void>;
  /** Shows everything again, for example after a change of the settings. */
  refreshAll(): Promise<void>;
  /** Runs with an event but without an end. */
  unfinished: ReadonlySet<string>;
  /** Reports to the editor which of these runs a process that has ended left interrupted. */
  tellInterrupted(taskIds: ReadonlySet<string>): void;
  /** Withdraws all diagnostics of the folder and no longer follows its runtime. */
  dispose(): void;
}

export interface SessionContext extends ViewContext {
  caller: () => Caller;
}

const PAGE = 500;
const never = new AbortController().signal;

/** Loads all open findings from the store into the view. */
const loadFindings = async (
  { findings }: FindingView,
  runtime: FolderRuntime,
  caller: Caller,
): Promise<void> => {
  let cursor: string | null = null;
  do {
    const request: { status: "Open"; limit: number; cursor: string | null } = {
      status: "Open",
      limit: PAGE,
      cursor,
    };
    const page = await runtime.dispatch("findings/list", request, caller, never);
    for (const finding of page.items) findings.put(finding);
    cursor = page.next_cursor;
  } while (cursor !== null);
};

const hasFix = ({ fix }: Finding, text: string): boolean =>
  fix !== null && fix.new_text !== "" && text.includes(fix.new_text);

/** Findings whose text no longer occurs: they are fixed as suggested, or obsolete. */
const resolveGone = async (
  { findings }: FindingView,
  path: string,
  text: string,
  runtime: FolderRuntime,
  caller: Caller,
): Promise<void> => {
  if (caller.role === "viewer") return;
  for (const { finding, line, subject } of findings.of(path)) {
    const isFixed = hasFix(finding, text);
    // A fix that only adds lines does not change the finding's own text.
    const isKept = isFixed && finding.fix?.new_text.includes(finding.fix.old_text) === true;
    if (!isKept && (line !== null || subject === null)) continue;
    const status = isFixed ? "Fixed" : "Outdated";
    await runtime.dispatch("findings/resolve", { finding_id: finding.finding_id, status }, caller, never);
  }
};

/** Paths of a change set's files, including the previous paths of renamed files. */
const changedPaths = (event: Extract<RuntimeEvent, { type: "changes.changed" }>): string[] =>
  event.files.flatMap(({ path, old_path }) => (old_path === null ? [path] : [path, old_path]));

export const openSession = (
  folder: Folder,
  runtime: FolderRuntime,
  context: SessionContext,
  log: Log,
): FolderSession => {
  const { connection, documents, caller } = context;
  const view = createFindingView(folder, context);
  const { findings } = view;

  const refresh = (path: string): Promise<void> => view.look(path, true);
  const saved = async (path: string): Promise<void> => {
    await refresh(path);
    await resolveGone(view, path, (await documents.text(folder, path)) ?? "", runtime, caller());
  };
  const refreshAll = async (): Promise<void> => {
    for (const path of findings.paths()) await refresh(path);
  };
  const attempt = (what: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      log("warn", `${what} failed`, { error: String(error) });
    });
  };

  const unfinished = new Set<string>();
  const follow = (event: RuntimeEvent): void => {
    if (event.type === "run.finished") unfinished.delete(event.task_id);
    else if ("task_id" in event) unfinished.add(event.task_id);
    if (event.type === "finding.reported" || event.type === "finding.changed")
      attempt("Showing a finding", refresh(findings.put(event.finding)));
    else if (event.type === "changes.changed")
      for (const path of changedPaths(event)) attempt("Looking for findings", saved(path));
  };
  const cancelRun = (task_id: string): void => {
    attempt("Cancelling a run", runtime.dispatch("runs/cancel", { task_id }, caller(), never));
  };
  const tell = (event: RuntimeEvent): void => {
    sendEvent(connection, folder.uri, event);
  };
  const tellIfInterrupted = async (task_id: string): Promise<void> => {
    const { run } = await runtime.dispatch("runs/get", { task_id }, caller(), never);
    const { status, updated_at: at } = run;
    if (status === "Interrupted" || runtime.isElsewhere === true)
      tell({ type: "run.changed", at, task_id, status });
  };
  const stops = [
    runtime.subscribe(tell),
    runtime.subscribe(createRunProgress(connection, cancelRun, context.l10n)),
    runtime.subscribe(follow),
    followReach(connection, folder.uri, runtime),
  ];
  attempt("Reading the stored findings", loadFindings(view, runtime, caller()).then(refreshAll));

  return {
    folder,
    runtime,
    findings,
    refresh,
    typed: (path) => view.look(path, false),
    saved,
    refreshAll,
    unfinished,
    tellInterrupted: (taskIds) => {
      for (const taskId of taskIds) attempt("Asking for a run", tellIfInterrupted(taskId));
    },
    dispose: () => {
      for (const stop of stops) stop();
      view.dispose();
    },
  };
};
