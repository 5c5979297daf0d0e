import * as vscode from "vscode";
import type { ChangeContent } from "../../schemas/contract.ts";
import { schemes } from "../contributions.ts";
import { fileInFolder } from "../folders.ts";
import type { RuntimeClient } from "../runtime/api.ts";

/** Two attempts of a run: `against` is on the left. */
export interface ComparedAttempts {
  folder: string;
  task_id: string;
  attempt: number;
  against: number;
}

type Side = "before" | "after";

const uriOf = (side: Side, path: string, { folder, task_id, attempt, against }: ComparedAttempts) =>
  vscode.Uri.from({
    scheme: schemes.attempt,
    path: `/${path}`,
    query: new URLSearchParams({
      ...{ folder, task_id, side },
      attempt: String(attempt),
      against: String(against),
    }).toString(),
  });

/** Shows the results of two attempts next to each other in read-only documents. */
export class AttemptDiffs {
  readonly #runtime: RuntimeClient;
  readonly #provider: vscode.Disposable;
  /** The content of the visible comparison. Without it, each document would request all texts again. */
  #shown: { key: string; contents: Promise<ChangeContent[]> } | null = null;

  constructor(runtime: RuntimeClient) {
    this.#runtime = runtime;
    this.#provider = vscode.workspace.registerTextDocumentContentProvider(schemes.attempt, {
      provideTextDocumentContent: (uri) => this.#read(uri),
    });
  }

  /** Opens the files that differ. False: there are none. */
  async open(compared: ComparedAttempts): Promise<boolean> {
    this.#shown = null;
    const contents = await this.#contents(compared);
    if (contents.length === 0) return false;
    const files = contents.map(({ path, before, after }) => [
      fileInFolder(compared.folder, path),
      before === null ? undefined : uriOf("before", path, compared),
      after === null ? undefined : uriOf("after", path, compared),
    ]);
    const title = vscode.l10n.t("Attempt {0} ↔ Attempt {1}", compared.against, compared.attempt);
    await vscode.commands.executeCommand("vscode.changes", title, files);
    return true;
  }

  dispose(): void {
    this.#provider.dispose();
  }

  #contents({ folder, ...compared }: ComparedAttempts): Promise<ChangeContent[]> {
    const key = JSON.stringify([folder, compared]);
    if (this.#shown?.key === key) return this.#shown.contents;
    const contents = this.#runtime
      .call("changes/get", { ...compared, include_content: true }, folder)
      .then((found) => found.contents);
    this.#shown = { key, contents };
    return contents;
  }

  async #read(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const compared = {
      folder: query.get("folder") ?? "",
      task_id: query.get("task_id") ?? "",
      attempt: Number(query.get("attempt")),
      against: Number(query.get("against")),
    };
    const file = (await this.#contents(compared)).find(({ path }) => `/${path}` === uri.path);
    const content = (query.get("side") === "before" ? file?.before : file?.after) ?? null;
    if (content === null) return "";
    return content.encoding === "utf8" ? content.data : vscode.l10n.t("This file is binary.");
  }
}
