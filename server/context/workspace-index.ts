import type { TestLayout } from "../../schemas/test-layout.ts";
import type { Overlay } from "../../schemas/run.ts";
import { decodeText, withLineEnding } from "../workspace/encoding.ts";
import { readIfPossible } from "../workspace/open.ts";
import type { IgnoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { testLayoutOf } from "../workspace/test-layout.ts";
import { walkWorkspace } from "../workspace/walk.ts";

/** The maximum number of files of a workspace to list. Related files are usually near the file. */
const MOST_FILES = 50_000;

/** Longest file that is read in addition to the one the task is about. */
const LONGEST_RELATED = 256 * 1024;

/** The files of a workspace that agents may see, and their text as it is now. */
export interface WorkspaceIndex {
  paths: ReadonlySet<string>;
  /** With LF line endings and no byte order mark; `null`: not there, not text, or too long. */
  read(path: string): string | null;
  /** Decides which of them are tests. */
  layout: TestLayout;
}

/** Lists a workspace, with unsaved texts in place of the files on disk. Errors: `cancelled`. */
export const indexWorkspace = async (
  workspace: string,
  rules: IgnoreRules,
  overlays: readonly Overlay[],
  signal: AbortSignal,
): Promise<WorkspaceIndex> => {
  const pace = pacer("collecting the context", signal);
  const unsaved = new Map(overlays.map(({ path, text }) => [path, text]));
  const paths = new Set<string>();
  for (const listing of walkWorkspace(workspace, rules)) {
    for (const path of listing.files) paths.add(path);
    if (paths.size >= MOST_FILES) break;
    await pace();
  }
  for (const path of unsaved.keys()) if (rules.closedBy(path) === null) paths.add(path);

  const texts = new Map<string, string | null>();
  const read = (path: string): string | null => {
    if (!paths.has(path)) return null;
    const known = texts.get(path);
    if (known !== undefined) return known;
    const text = unsaved.get(path) ?? readText(workspace, path);
    const kept = text?.includes("\r") === true ? withLineEnding(text, "\n") : text;
    texts.set(path, kept);
    return kept;
  };
  return { paths, read, layout: testLayoutOf(paths, read) };
};

const readText = (workspace: string, path: string): string | null => {
  const bytes = readIfPossible(workspace, path, { most: LONGEST_RELATED });
  return bytes === null ? null : (decodeText(bytes)?.text ?? null);
};
