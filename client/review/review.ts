import * as vscode from "vscode";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import { fileInFolder } from "../folders.ts";
import type { RuntimeClient } from "../runtime/api.ts";
import type { Sidebar } from "../sidebar.ts";
import { AttemptDiffs, type ComparedAttempts } from "./attempts.ts";
import { applyProposals, type Applied } from "./apply.ts";
import { DiffTabs, type ShownRun } from "./diff-tabs.ts";
import { reviewUri, type ReviewedFile } from "./documents.ts";
import type { Hunk } from "./hunks.ts";
import { withoutMarked } from "./marked.ts";
import { openMergeEditor } from "./merge-editor.ts";
import { acceptHunks, discardHunks, openHunks, shownAs, type Proposal } from "./proposal.ts";
import { Proposals } from "./proposals.ts";

/** Shows a run's changes as diffs, and accepts or discards them as a whole or in part. */
export class Review {
  readonly #runtime: RuntimeClient;
  readonly #proposals: Proposals;
  readonly #tabs: DiffTabs;
  readonly #attempts: AttemptDiffs;
  readonly #subscription: vscode.Disposable;
  /** Saving a file takes time, so the next decision uses the resulting text. */
  readonly #queue = new SerialQueue();

  /** @param memory keeps partly decided files over a reload of the window */
  constructor(runtime: RuntimeClient, sidebar: Sidebar, memory: vscode.Memento) {
    this.#runtime = runtime;
    this.#proposals = new Proposals(runtime, memory);
    this.#tabs = new DiffTabs(sidebar.model.runs);
    this.#attempts = new AttemptDiffs(runtime);
    this.#subscription = runtime.onEvent(({ event }) => {
      // Another round of the run may have changed the proposal. Decisions alone do not.
      if (event.type === "run.finished") this.#proposals.forget(event.task_id);
    });
  }

  /** The run whose multi-file diff is the active editor. */
  get shown(): ShownRun | null {
    return this.#tabs.shown;
  }

  async open(folder: string, task_id: string): Promise<void> {
    const proposals = [...(await this.#proposals.ofRun(folder, task_id)).values()];
    const files = proposals.map((proposal) => {
      const { before, after } = proposal;
      const file = { folder, task_id, ...shownAs(proposal) };
      return [
        fileInFolder(folder, file.path),
        before === null ? undefined : reviewUri("before", file),
        after === null ? undefined : reviewUri("after", file),
      ];
    });
    await this.#tabs.open({ folder, task_id }, files);
  }

  /** Shows how two attempts differ. False: they left the same files. */
  compareAttempts(compared: ComparedAttempts): Promise<boolean> {
    return this.#attempts.open(compared);
  }

  async openFile({ folder, task_id, path }: ReviewedFile): Promise<void> {
    const file = { folder, task_id, ...shownAs(await this.#proposals.ofFile({ folder, task_id, path })) };
    const title = vscode.l10n.t("{0} (proposed)", file.path);
    await vscode.commands.executeCommand(
      "vscode.diff",
      reviewUri("before", file),
      reviewUri("after", file),
      title,
    );
  }

  /**
   * Accepts the given files, or with `null` every file without a decision. Conflicts open in the merge
   * editor. With `null`, marked files are included only if the user agrees now. If `isAsked` is false, as for
   * changes that are applied without a question, they stay open.
   */
  accept(folder: string, taskId: string, paths: readonly string[] | null, isAsked = true): Promise<Applied> {
    return this.#queue.run(() => this.#accept(folder, taskId, paths, isAsked));
  }

  /** Discards the open hunks of the given files, or with `null` of all files of the run. */
  discard(folder: string, task_id: string, paths: readonly string[] | null): Promise<void> {
    return this.#queue.run(async () => {
      // Accepted hunks stay in the file.
      const all = [...(await this.#proposals.ofRun(folder, task_id)).values()];
      const chosen = all.filter(({ file }) => paths?.includes(file.path) ?? true);
      const kept = chosen
        .filter(({ before, base }) => base !== before)
        .map((proposal) => ({ ...proposal, wanted: proposal.base }));
      await this.#proposals.put(folder, task_id, kept);
      await this.#proposals.record(folder, task_id, kept);
      const rest = paths?.filter((path) => !kept.some(({ file }) => file.path === path)) ?? null;
      if (kept.length < chosen.length)
        await this.#runtime.call("changes/discard", { task_id, paths: rest }, folder);
      this.#proposals.forget(task_id);
      if (paths === null) await this.#tabs.close(task_id);
    });
  }

  hunks(file: ReviewedFile): Promise<Hunk[]> {
    return this.#queue.run(async () => openHunks(await this.#proposals.ofFile(file)));
  }

  acceptHunks(file: ReviewedFile, hunks: readonly Hunk[]): Promise<Applied> {
    return this.#queue.run(async () => {
      const proposal = await this.#proposals.ofFile(file);
      const next = acceptHunks(proposal, hunks);
      // Only the accepted hunks are written to the file. The text with them is the new base.
      const accepted = { ...proposal, before: proposal.base, wanted: next.base };
      const applied = await this.#apply(file.folder, file.task_id, [accepted]);
      if (applied.conflicts.length === 0) await this.#put(file, next);
      await this.#showConflicts(file.folder, file.task_id, applied);
      return applied;
    });
  }

  discardHunks(file: ReviewedFile, hunks: readonly Hunk[]): Promise<void> {
    return this.#queue.run(async () => {
      await this.#put(file, discardHunks(await this.#proposals.ofFile(file), hunks));
    });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#tabs.dispose();
    this.#attempts.dispose();
    this.#proposals.dispose();
  }

  async #put({ folder, task_id }: ReviewedFile, proposal: Proposal): Promise<void> {
    await this.#proposals.put(folder, task_id, [proposal]);
    await this.#proposals.record(folder, task_id, [proposal]);
  }

  async #accept(
    folder: string,
    task_id: string,
    paths: readonly string[] | null,
    isAsked: boolean,
  ): Promise<Applied> {
    const all = [...(await this.#proposals.ofRun(folder, task_id)).values()];
    const chosen = all.filter(({ file }) =>
      paths === null ? file.decision === "Pending" : paths.includes(file.path),
    );
    const proposals = paths === null ? await withoutMarked(chosen, isAsked) : chosen;
    const applied = await this.#apply(folder, task_id, proposals);
    const accepted = proposals
      .filter(({ file }) => !applied.conflicts.includes(file.path))
      .map((proposal) => ({ ...proposal, base: proposal.wanted }));
    await this.#proposals.put(folder, task_id, accepted);
    await this.#proposals.record(folder, task_id, accepted);
    const isAllDecided = applied.conflicts.length === 0 && proposals.length === chosen.length;
    if (paths === null && isAllDecided) await this.#tabs.close(task_id);
    await this.#showConflicts(folder, task_id, applied);
    return applied;
  }

  async #apply(folder: string, task_id: string, chosen: readonly Proposal[]): Promise<Applied> {
    // The editor has no document for these files, so the runtime writes them.
    const byRuntime = chosen.filter(({ file }) => file.binary || file.executable);
    const applied = await applyProposals(
      folder,
      chosen.filter((proposal) => !byRuntime.includes(proposal)),
    );
    if (byRuntime.length > 0) {
      const paths = byRuntime.map(({ file }) => file.path);
      const answer = await this.#runtime.call("changes/apply", { task_id, paths }, folder);
      for (const { path, result } of answer.files)
        (result === "conflict" ? applied.conflicts : applied.written).push(path);
    }
    return applied;
  }

  async #showConflicts(folder: string, task_id: string, { conflicts }: Applied): Promise<void> {
    for (const path of conflicts)
      await openMergeEditor(await this.#proposals.ofFile({ folder, task_id, path }), folder, task_id);
  }
}
