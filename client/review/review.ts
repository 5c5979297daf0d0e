import * as vscode from "vscode";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import { setContext } from "../context-keys.ts";
import { fileInFolder } from "../folders.ts";
import type { RuntimeClient } from "../runtime/api.ts";
import type { Sidebar } from "../sidebar.ts";
import { runTitle } from "../tree/run-items.ts";
import { applyProposals, readText, type Applied } from "./apply.ts";
import { provideReviewDocuments, reviewUri, type ReviewedFile } from "./documents.ts";
import type { Hunk } from "./hunks.ts";
import { openMergeEditor } from "./merge-editor.ts";
import {
  acceptHunks,
  decisionOf,
  diffSides,
  discardHunks,
  followFile,
  openHunks,
  openProposal,
  type Proposal,
} from "./proposal.ts";
import { withoutMarked } from "./marked.ts";

/** A run's changes before the user: shown as diffs, accepted or discarded as a whole or in part. */
export interface Review {
  /** The run whose multi-file diff is the active editor. */
  readonly shown: { folder: string; task_id: string } | null;
  open(folder: string, taskId: string): Promise<void>;
  openFile(file: ReviewedFile): Promise<void>;
  /** `null`: every file that waits for a decision. Conflicts are opened in the merge editor. */
  /**
   * Marked files are among "all" only where the user says so in this moment; with `isAsked` false, as for
   * changes that are applied unasked, they stay open.
   */
  accept(
    folder: string,
    taskId: string,
    paths: readonly string[] | null,
    isAsked?: boolean,
  ): Promise<Applied>;
  discard(folder: string, taskId: string, paths: readonly string[] | null): Promise<void>;
  hunks(file: ReviewedFile): Promise<Hunk[]>;
  acceptHunks(file: ReviewedFile, hunks: readonly Hunk[]): Promise<Applied>;
  discardHunks(file: ReviewedFile, hunks: readonly Hunk[]): Promise<void>;
  dispose(): void;
}

/** A run's files by path, as far as the user has come with them. */
interface OpenReview {
  change_set_id: string;
  files: Map<string, Proposal>;
}

/** `memory`: where what is decided in part is kept over a reload of the window. */
export const createReview = (runtime: RuntimeClient, sidebar: Sidebar, memory: vscode.Memento): Review => {
  /** By task. */
  const open = new Map<string, Promise<OpenReview>>();
  const titles = new Map<string, { folder: string; task_id: string }>();
  let shown: Review["shown"] = null;
  // Saving a file takes its time: what is decided meanwhile is decided about the text that comes of it.
  const queue = new SerialQueue();

  const read = async (folder: string, task_id: string): Promise<OpenReview> => {
    const { restoreProgress } = await import("./progress.ts");
    const answer = await runtime.call("changes/get", { task_id, include_content: true }, folder);
    const contents = new Map(answer.contents.map((content) => [content.path, content]));
    const { change_set_id } = answer.change_set;
    const files = new Map(
      answer.change_set.files.map((file) => {
        const content = contents.get(file.path) ?? { path: file.path, before: null, after: null };
        return [file.path, openProposal(file, content)];
      }),
    );
    return { change_set_id, files: restoreProgress(memory, task_id, change_set_id, files) };
  };
  const reviewOf = (folder: string, taskId: string): Promise<OpenReview> => {
    const known = open.get(taskId) ?? read(folder, taskId);
    open.set(taskId, known);
    known.catch(() => open.delete(taskId));
    return known;
  };
  const proposalsOf = async (folder: string, taskId: string): Promise<Map<string, Proposal>> => {
    const { files } = await reviewOf(folder, taskId);
    for (const [path, proposal] of files)
      files.set(path, followFile(proposal, await readText(fileInFolder(folder, path))));
    return files;
  };
  const proposalOf = async ({ folder, task_id, path }: ReviewedFile): Promise<Proposal> => {
    const proposal = (await proposalsOf(folder, task_id)).get(path);
    if (proposal === undefined) throw new Error(vscode.l10n.t("{0} is not among the changes", path));
    return proposal;
  };
  const documents = provideReviewDocuments(async (side, file) => {
    return diffSides(await proposalOf(file))[side] ?? "";
  });
  const put = async (file: ReviewedFile, proposal: Proposal) => {
    const { change_set_id, files } = await reviewOf(file.folder, file.task_id);
    files.set(file.path, proposal);
    documents.update(file);
    const { keepProgress } = await import("./progress.ts");
    await keepProgress(memory, file.task_id, change_set_id, files);
  };

  /** Tells the runtime what the user decided about files of which no hunk is open any more. */
  const record = async (folder: string, task_id: string, proposals: readonly Proposal[]): Promise<void> => {
    for (const decision of ["Accepted", "Edited", "Discarded"] as const) {
      const paths = proposals
        .filter((proposal) => decisionOf(proposal) === decision)
        .map(({ file }) => file.path);
      if (paths.length > 0) await runtime.call("changes/decide", { task_id, paths, decision }, folder);
    }
  };
  const apply = async (folder: string, task_id: string, chosen: readonly Proposal[]): Promise<Applied> => {
    // The editor has no document for these: the runtime writes them.
    const byRuntime = chosen.filter(({ file }) => file.binary || file.executable);
    const applied = await applyProposals(
      folder,
      chosen.filter((proposal) => !byRuntime.includes(proposal)),
    );
    if (byRuntime.length > 0) {
      const paths = byRuntime.map(({ file }) => file.path);
      const answer = await runtime.call("changes/apply", { task_id, paths }, folder);
      for (const { path, result } of answer.files)
        (result === "conflict" ? applied.conflicts : applied.written).push(path);
    }
    return applied;
  };
  const showConflicts = async (folder: string, task_id: string, { conflicts }: Applied): Promise<void> => {
    for (const path of conflicts)
      await openMergeEditor(await proposalOf({ folder, task_id, path }), folder, task_id);
  };

  const accept = async (
    folder: string,
    task_id: string,
    paths: readonly string[] | null,
    isAsked: boolean,
  ): Promise<Applied> => {
    const chosen = [...(await proposalsOf(folder, task_id)).values()].filter(({ file }) =>
      paths === null ? file.decision === "Pending" : paths.includes(file.path),
    );
    const proposals = paths === null ? await withoutMarked(chosen, isAsked) : chosen;
    const applied = await apply(folder, task_id, proposals);
    const accepted = proposals
      .filter(({ file }) => !applied.conflicts.includes(file.path))
      .map((proposal) => ({ ...proposal, base: proposal.wanted }));
    for (const proposal of accepted) await put({ folder, task_id, path: proposal.file.path }, proposal);
    await record(folder, task_id, accepted);
    if (paths === null && applied.conflicts.length === 0 && proposals.length === chosen.length)
      await close(task_id);
    await showConflicts(folder, task_id, applied);
    return applied;
  };

  const discard = async (folder: string, task_id: string, paths: readonly string[] | null): Promise<void> => {
    await runtime.call("changes/discard", { task_id, paths: paths === null ? null : [...paths] }, folder);
    open.delete(task_id);
    if (paths === null) await close(task_id);
  };
  const acceptSome = async (file: ReviewedFile, hunks: readonly Hunk[]): Promise<Applied> => {
    const proposal = await proposalOf(file);
    const next = acceptHunks(proposal, hunks);
    // Only the accepted hunks go into the file: what it is to become is the new base.
    const applied = await apply(file.folder, file.task_id, [
      { ...proposal, before: proposal.base, wanted: next.base },
    ]);
    if (applied.conflicts.length === 0) {
      await put(file, next);
      await record(file.folder, file.task_id, [next]);
    }
    await showConflicts(file.folder, file.task_id, applied);
    return applied;
  };

  /** Tells a run's diff from another run's of the same name: all that a tab tells of itself is its title. */
  const titleOf = (taskId: string): string => {
    const run = sidebar.model.runs.get(taskId);
    const title = vscode.l10n.t("Changes: {0}", run === undefined ? taskId : runTitle(run));
    const isTaken = (titles.get(title)?.task_id ?? taskId) !== taskId;
    if (!isTaken || run === undefined) return title;
    return vscode.l10n.t("Changes ({1}): {0}", runTitle(run), new Date(run.created_at).toLocaleTimeString());
  };
  /** Whose diff a tab shows: VS Code writes the number of files behind the title, and one title can begin another. */
  const shownIn = (label: string): Review["shown"] => {
    const [title] = [...titles.keys()]
      .filter((known) => label.startsWith(known))
      .sort((one, other) => other.length - one.length);
    return title === undefined ? null : (titles.get(title) ?? null);
  };
  /** A multi-file diff of which everything is decided has nothing left to show. */
  const close = async (taskId: string): Promise<void> => {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shows = ({ label }: vscode.Tab) => shownIn(label)?.task_id === taskId;
    await vscode.window.tabGroups.close(tabs.filter(shows), true);
  };
  const setShown = () => {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    shown = label === undefined ? null : shownIn(label);
    setContext("coditect.reviewing", shown !== null);
  };
  const subscriptions = [
    documents,
    vscode.window.tabGroups.onDidChangeTabs(setShown),
    vscode.window.tabGroups.onDidChangeTabGroups(setShown),
    runtime.onEvent(({ event }) => {
      // Another round of the run may have changed what is proposed; decisions alone have not.
      if (event.type === "run.finished") open.delete(event.task_id);
    }),
  ];

  return {
    get shown() {
      return shown;
    },
    open: async (folder, task_id) => {
      titles.set(titleOf(task_id), { folder, task_id });
      const files = [...(await proposalsOf(folder, task_id)).values()].map(({ file, before, after }) => [
        fileInFolder(folder, file.path),
        before === null ? undefined : reviewUri("before", { folder, task_id, path: file.path }),
        after === null ? undefined : reviewUri("after", { folder, task_id, path: file.path }),
      ]);
      await vscode.commands.executeCommand("vscode.changes", titleOf(task_id), files);
      setShown();
    },
    openFile: async (file) => {
      await proposalOf(file);
      const title = vscode.l10n.t("{0} (proposed)", file.path);
      await vscode.commands.executeCommand(
        "vscode.diff",
        reviewUri("before", file),
        reviewUri("after", file),
        title,
      );
    },
    accept: (folder, task_id, paths, isAsked = true) =>
      queue.run(() => accept(folder, task_id, paths, isAsked)),
    discard: (folder, task_id, paths) => queue.run(() => discard(folder, task_id, paths)),
    hunks: (file) => queue.run(async () => openHunks(await proposalOf(file))),
    acceptHunks: (file, hunks) => queue.run(() => acceptSome(file, hunks)),
    discardHunks: (file, hunks) =>
      queue.run(async () => {
        const next = discardHunks(await proposalOf(file), hunks);
        await put(file, next);
        await record(file.folder, file.task_id, [next]);
      }),
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
};
