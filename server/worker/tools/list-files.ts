import { plainLine } from "../../../schemas/plain-text.ts";
import { pacer } from "../../workspace/pace.ts";
import { walkWorkspace } from "../../workspace/walk.ts";
import type { PrivateCopy } from "../copy/copy.ts";
import { globFilter } from "../../workspace/glob.ts";
import { done, type Tool } from "./tool.ts";

const MOST_FILES = 400;

/** Paths of the copy that agents may see and a glob means, sorted. */
export const visibleFiles = async (
  copy: PrivateCopy,
  glob: string | undefined,
  signal: AbortSignal,
): Promise<string[]> => {
  const isWanted = globFilter(glob);
  const pace = pacer("listing the files", signal);
  const paths: string[] = [];
  for (const listing of walkWorkspace(copy.root, copy.rules)) {
    paths.push(...listing.files.filter(isWanted));
    await pace();
  }
  return paths.sort();
};

/** Paths of the workspace, at most {@link MOST_FILES}. */
export const listFiles: Tool<"list_files"> = async ({ glob }, { copy, signal }) => {
  const paths = await visibleFiles(copy, glob, signal);
  if (paths.length === 0)
    return done(glob === undefined ? "There are no files." : `No file matches ${glob}.`);
  const shown = paths.slice(0, MOST_FILES).map(plainLine);
  const cut = paths.length - shown.length;
  if (cut > 0) shown.push(`[cut: ${cut} more files; narrow them with a glob]`);
  return done(shown.join("\n"));
};
