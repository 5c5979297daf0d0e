import * as vscode from "vscode";
import { fileInFolder, folderOf, pathInFolder } from "../folders.ts";
import type { RuntimeClient } from "../runtime/api.ts";
import { readText } from "./apply.ts";
import { provideReviewDocuments, type ReviewDocuments, type ReviewedFile } from "./documents.ts";
import { decisionOf, diffSides, followFile, openProposal, type Proposal } from "./proposal.ts";

/** Typing changes a document many times. */
const SETTLE_MS = 150;

/** A run's files by path, with the user's decisions so far. */
interface OpenReview {
  folder: string;
  change_set_id: string;
  files: Map<string, Proposal>;
}

/** The changed files of runs that are under review, and the read-only documents that show them. */
export class Proposals {
  readonly #runtime: RuntimeClient;
  readonly #memory: vscode.Memento;
  readonly #documents: ReviewDocuments;
  readonly #subscription: vscode.Disposable;
  /** Documents that changed since they were last checked. */
  readonly #edited = new Map<string, vscode.Uri>();
  #timer: NodeJS.Timeout | null = null;
  /** By task. */
  readonly #open = new Map<string, Promise<OpenReview>>();

  /** @param memory keeps partly decided files over a reload of the window */
  constructor(runtime: RuntimeClient, memory: vscode.Memento) {
    this.#runtime = runtime;
    this.#memory = memory;
    this.#documents = provideReviewDocuments(
      async (side, file) => diffSides(await this.ofFile(file))[side] ?? "",
    );
    // An undo in the file reverts accepted changes, and an open diff must show that.
    this.#subscription = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (this.#open.size === 0) return;
      this.#edited.set(document.uri.toString(), document.uri);
      this.#timer ??= setTimeout(() => void this.#followEdited(), SETTLE_MS);
    });
  }

  /** Every changed file of a run, updated with the text in the editor or on disk. */
  async ofRun(folder: string, taskId: string): Promise<Map<string, Proposal>> {
    const { files } = await this.#review(folder, taskId);
    for (const path of files.keys()) await this.ofFile({ folder, task_id: taskId, path });
    return files;
  }

  async ofFile({ folder, task_id, path }: ReviewedFile): Promise<Proposal> {
    const { files } = await this.#review(folder, task_id);
    const known = files.get(path);
    if (known === undefined) throw new Error(vscode.l10n.t("{0} is not among the changes", path));
    const proposal = followFile(known, await readText(fileInFolder(folder, path)));
    // A decision that the user made meanwhile counts, and is followed the next time.
    const present = files.get(path) ?? known;
    if (proposal === known || present !== known) return present;
    files.set(path, proposal);
    this.#documents.update({ folder, task_id, path });
    return proposal;
  }

  /** Stores the user's decisions about these files of a run. */
  async put(folder: string, task_id: string, proposals: readonly Proposal[]): Promise<void> {
    const { change_set_id, files } = await this.#review(folder, task_id);
    for (const proposal of proposals) {
      const { path } = proposal.file;
      files.set(path, proposal);
      this.#documents.update({ folder, task_id, path });
    }
    const { keepProgress } = await import("./progress.ts");
    await keepProgress(this.#memory, task_id, change_set_id, files);
  }

  /** Sends the user's decisions to the runtime, for files without open hunks. */
  async record(folder: string, task_id: string, proposals: readonly Proposal[]): Promise<void> {
    for (const decision of ["Accepted", "Edited", "Discarded"] as const) {
      const paths = proposals
        .filter((proposal) => decisionOf(proposal) === decision)
        .map(({ file }) => file.path);
      if (paths.length > 0) await this.#runtime.call("changes/decide", { task_id, paths, decision }, folder);
    }
  }

  /** The next request reads the run's changes again. */
  forget(taskId: string): void {
    this.#open.delete(taskId);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#documents.dispose();
  }

  async #followEdited(): Promise<void> {
    this.#timer = null;
    const edited = [...this.#edited.values()];
    this.#edited.clear();
    // A file that cannot be read is shown as before. The next request for it returns the reason.
    for (const uri of edited) await this.#follow(uri).catch(() => undefined);
  }

  async #follow(uri: vscode.Uri): Promise<void> {
    const folder = folderOf(uri);
    if (folder === null) return;
    const path = pathInFolder(folder, uri);
    for (const [task_id, opening] of this.#open) {
      const review = await opening.catch(() => null);
      if (review?.folder === folder.uri.toString() && review.files.has(path))
        await this.ofFile({ folder: review.folder, task_id, path });
    }
  }

  #review(folder: string, taskId: string): Promise<OpenReview> {
    const known = this.#open.get(taskId) ?? this.#read(folder, taskId);
    this.#open.set(taskId, known);
    known.catch(() => this.#open.delete(taskId));
    return known;
  }

  async #read(folder: string, task_id: string): Promise<OpenReview> {
    const { restoreProgress } = await import("./progress.ts");
    const answer = await this.#runtime.call("changes/get", { task_id, include_content: true }, folder);
    const contents = new Map(answer.contents.map((content) => [content.path, content]));
    const { change_set_id } = answer.change_set;
    const files = new Map(
      answer.change_set.files.map((file) => {
        const content = contents.get(file.path) ?? { path: file.path, before: null, after: null };
        return [file.path, openProposal(file, content)];
      }),
    );
    return { folder, change_set_id, files: restoreProgress(this.#memory, task_id, change_set_id, files) };
  }
}
