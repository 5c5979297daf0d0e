import * as vscode from "vscode";
import { schemes } from "../contributions.ts";

export type Side = "before" | "after";

/** The file and the change set of a read-only document. */
export interface ReviewedFile {
  folder: string;
  task_id: string;
  path: string;
  /**
   * Whether it is shown as plain text. For some languages, editors load what a file names from another
   * computer, and this file names something. See the mark `fetches`.
   */
  isPlain?: boolean;
}

const PLAIN = ".txt";

/**
 * The document of one side of a changed file. Its path ends with the file's own path, so that VS Code detects
 * the language.
 */
export const reviewUri = (side: Side, { folder, task_id, path, isPlain = false }: ReviewedFile): vscode.Uri =>
  vscode.Uri.from({
    scheme: schemes[side],
    path: `/${path}${isPlain ? PLAIN : ""}`,
    query: new URLSearchParams({ task_id, folder, ...(isPlain && { plain: "" }) }).toString(),
  });

/** Parses a {@link reviewUri}. Null for any other document. */
export const reviewedFile = (uri: vscode.Uri): ReviewedFile | null => {
  if (uri.scheme !== schemes.before && uri.scheme !== schemes.after) return null;
  const query = new URLSearchParams(uri.query);
  const [folder, task_id] = [query.get("folder"), query.get("task_id")];
  if (folder === null || task_id === null) return null;
  const isPlain = query.has("plain");
  const path = uri.path.slice(1, isPlain ? -PLAIN.length : undefined);
  return { folder, task_id, path, ...(isPlain && { isPlain }) };
};

export interface ReviewDocuments {
  /** Shows the new text of a side. */
  update(file: ReviewedFile): void;
  dispose(): void;
}

/** Provides both sides' texts to VS Code. */
export const provideReviewDocuments = (
  text: (side: Side, file: ReviewedFile) => Promise<string>,
): ReviewDocuments => {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const sides = ["before", "after"] as const;
  const providers = sides.map((side) =>
    vscode.workspace.registerTextDocumentContentProvider(schemes[side], {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri) => {
        const file = reviewedFile(uri);
        return file === null ? "" : text(side, file);
      },
    }),
  );
  return {
    update: (file) => {
      for (const side of sides)
        for (const isPlain of [true, false]) changed.fire(reviewUri(side, { ...file, isPlain }));
    },
    dispose: () => {
      for (const provider of providers) provider.dispose();
      changed.dispose();
    },
  };
};
